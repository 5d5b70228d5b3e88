// How long it takes to write a response: one that is there, and one that is made, checked and written.

import { BufferPool } from "../../../src/http1/buffer_pool.ts";
import { Output } from "../../../src/http1/output.ts";
import { ResponseEncoder } from "../../../src/http1/response_encoder.ts";
import { installFastResponse } from "../../../src/fetch/fast_response.ts";
import { outgoingInMemory } from "../../../src/fetch/inner_response.ts";
import { outgoingOfNoted } from "../../../src/fetch/noted_response.ts";
import type { OutgoingResponse } from "../../../src/handler/outgoing_response.ts";
import { outgoing, WebResponse } from "../../../src/handler/response.ts";
import { BYTES_10K, BYTES_64K, HELLO } from "../peers/answers.js";
import { benchAll, type Subject, subject } from "./subject.ts";

const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";

/** 200 bytes as JSON. */
const USER = {
  id: 4711,
  name: "Ada Lovelace",
  mail: "ada@example.org",
  roles: ["author", "editor"],
  active: true,
  seen: "2026-11-23T21:30:00.000Z",
  comment: "She wrote the first program for a machine never built",
};

interface Answer {
  readonly what: string;
  readonly make: () => WebResponse;
  readonly contentType: string;
  readonly body: string;
}

const answers: readonly Answer[] = [
  {
    what: "hello, 11 characters",
    make: () => WebResponse.text(HELLO),
    contentType: "text/plain; charset=utf-8",
    body: HELLO,
  },
  {
    what: "200 bytes of JSON",
    make: () => WebResponse.json(USER),
    contentType: "application/json",
    body: JSON.stringify(USER),
  },
  {
    what: "10 KiB of bytes",
    make: () => WebResponse.bytes(BYTES_10K),
    contentType: "application/octet-stream",
    body: "a".repeat(10_240),
  },
  {
    what: "64 KiB of bytes",
    make: () => WebResponse.bytes(BYTES_64K),
    contentType: "application/octet-stream",
    body: "a".repeat(65_536),
  },
];

/** Writes responses one at a time, as a connection that nobody pipelines on. */
class Writer {
  readonly #encoder = new ResponseEncoder(DATE);
  readonly #output = new Output(new BufferPool());

  /** The number of bytes that were written. */
  write(response: WebResponse): number {
    return this.send(outgoing(response));
  }

  /** The same for what is sent. */
  send(response: OutgoingResponse): number {
    this.#encoder.encode(this.#output, response, "", false);
    const { length } = this.#output;
    this.#output.clear();
    return length;
  }
}

function length({ contentType, body }: Answer): number {
  const fields = `Date: ${DATE}\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}`;
  return `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`.length + body.length;
}

function writes(answer: Answer): Subject {
  const writer = new Writer();
  const response = answer.make();
  return subject({
    name: `ResponseEncoder writes ${answer.what}`,
    run: () => writer.write(response),
    tell: (written) => written,
    expected: length(answer),
  });
}

function makesAndWrites(answer: Answer): Subject {
  const writer = new Writer();
  return subject({
    name: `WebResponse of ${answer.what}, made, checked and written`,
    run: () => writer.write(answer.make()),
    tell: (written) => written,
    expected: length(answer),
  });
}

/** The `Response` of workers, and the platform's. */
const scope: { Response: typeof Response } = Object.create(null, {
  Response: { value: Response, configurable: true },
});
installFastResponse(scope);

const FIELDS = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
const CLASSES = [
  { what: "Response of a worker", type: scope.Response },
  { what: "Response of the platform", type: Response },
];

/** The responses of fetch-style applications. */
function fetchStyle({ what, type }: typeof CLASSES[number]): Subject[] {
  const writer = new Writer();
  const write = (response: Response) => {
    const sent = outgoingOfNoted(response) ?? outgoingInMemory(response);
    if (sent === undefined) throw new Error("The response was not read directly");
    return writer.send(sent);
  };
  const [hello, json] = answers;
  return [
    subject({
      name: `${what}: hello with two fields, made, read and written`,
      run: () => write(new type(HELLO, { headers: FIELDS })),
      tell: (written) => written,
      expected: length(hello) + "cache-control: no-store\r\n".length,
    }),
    subject({
      name: `${what}: 200 bytes of JSON, made, read and written`,
      run: () => write(type.json(USER)),
      tell: (written) => written,
      expected: length(json),
    }),
  ];
}

const withFields = new Writer();

export const subjects: readonly Subject[] = [
  ...answers.map(writes),
  ...answers.map(makesAndWrites),
  subject({
    name: "WebResponse of hello with two fields, made, checked and written",
    run: () =>
      withFields.write(WebResponse.text(HELLO, {
        headers: { "cache-control": "no-store", "x-request-id": "4711" },
      })),
    tell: (written) => written,
    expected: length(answers[0]) + "cache-control: no-store\r\nx-request-id: 4711\r\n".length,
  }),
  ...CLASSES.flatMap(fetchStyle),
];

benchAll("Encoder", subjects);
