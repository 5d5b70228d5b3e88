// How long it takes to read a head: by the parser of heads alone, and by that of requests, which decides in addition how the
// body is delimited and whether the connection persists.

import { HeadParser } from "../../../src/http1/head_parser.ts";
import { RequestHead } from "../../../src/http1/request_head.ts";
import { resolveServerOptions } from "../../../src/options/server_options.ts";
import {
  BROWSER_HEAD,
  CHUNKED_ORDER_REQUEST,
  HELLO_HEAD,
  ORDER,
  ORDER_REQUEST,
} from "../requests.ts";
import { Reader, type ReadRequest } from "./reader.ts";
import { benchAll, type Subject, subject } from "./subject.ts";

const heads = [
  { what: "the 45 bytes that wrk sends", text: HELLO_HEAD, target: "/hello", fields: 1 },
  {
    what: "the 660 bytes that a browser sends",
    text: BROWSER_HEAD,
    target: "/users/4711/profile?tab=posts&page=2",
    fields: 13,
  },
];

function readsHead({ what, text, target, fields }: typeof heads[number]): Subject {
  const bytes = new TextEncoder().encode(text);
  const parser = new HeadParser(resolveServerOptions({}));
  return subject({
    name: `HeadParser reads ${what}`,
    run: () => {
      parser.reset();
      const outcome = parser.parse(bytes, 0, bytes.length);
      return outcome.kind === "complete" ? parser.take(bytes, 0, outcome.end) : outcome;
    },
    tell: (head) =>
      head instanceof RequestHead ? [head.method, head.target, head.fieldCount] : head,
    expected: ["GET", target, fields],
  });
}

function readsRequest({ what, text, target, fields }: typeof heads[number]): Subject {
  const reader = new Reader(text);
  return subject({
    name: `RequestParser reads ${what}`,
    run: () => reader.read(),
    tell: tellRequest,
    expected: ["GET", target, fields, ""],
  });
}

function tellRequest({ head, body }: ReadRequest): unknown {
  return [head.method, head.target, head.fieldCount, body.decode()];
}

const orderReader = new Reader(ORDER_REQUEST);
const chunkedOrderReader = new Reader(CHUNKED_ORDER_REQUEST);

export const subjects: readonly Subject[] = [
  ...heads.map(readsHead),
  ...heads.map(readsRequest),
  subject({
    name: "RequestParser reads a POST with 1 KiB of JSON",
    run: () => orderReader.read(),
    tell: tellRequest,
    expected: ["POST", "/orders", 3, ORDER],
  }),
  subject({
    name: "RequestParser reads a POST with 1 KiB of JSON in four chunks",
    run: () => chunkedOrderReader.read(),
    tell: tellRequest,
    expected: ["POST", "/orders", 3, ORDER],
  }),
];

benchAll("Head", subjects);
