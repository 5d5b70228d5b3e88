// A client that asks one thing after another, keeps its connection as long as the server does, and notes what came as
// text that can be compared.

import {
  join,
  WireClient,
  type WireHead,
  type WireResponse,
} from "../fetch_fidelity/wire_client.ts";

/** Requests that are sent in one go, and what comes back. */
export interface Asking {
  readonly what: string;
  /** The bytes, in as many parts as are sent one after the other: each but the first follows a response, an interim one too. */
  readonly send: readonly string[];
  /** How many responses the last part has; 1 if undefined. */
  readonly responses?: number;
}

const encoder = new TextEncoder();

/** Fields that are the server's own: when it was, and how long an idle connection lives. */
const OWN_FIELDS = ["date", "keep-alive"];

/** Which method each response of an asking answers. */
function methodsOf({ send, responses = 1 }: Asking): string[] {
  const methods = [...send.join("").matchAll(/^([A-Z]+) \S+ HTTP\/1\.[01]\r$/gm)].map(([, m]) => m);
  const first = methods[0] ?? "GET";
  return Array.from(
    { length: send.length - 1 + responses },
    (_, index) => methods.length > 1 ? methods[index] ?? first : first,
  );
}

/** A head as text: the status line, the fields in the order of their names, and how the body is delimited. */
export function linesOfHead({ status, reason, fields, framing }: WireHead): string[] {
  const shown = fields
    .filter(([name, value]) =>
      !OWN_FIELDS.includes(name) && !(name === "connection" && value === "keep-alive")
    )
    .map(([name, value]) => `${name}: ${value}`);
  const hasDate = status < 200 || fields.some(([name]) => name === "date");
  return [
    `${status} ${reason}`.trimEnd(),
    ...shown.sort(),
    ...hasDate ? [] : ["(no date)"],
    `(${framing})`,
  ];
}

/** A response as text: its head, and the body. */
export function linesOf(response: WireResponse): string[] {
  const text = new TextDecoder().decode(response.body);
  const body = text.length > MOST_SHOWN ? `${text.length} x ${text.slice(0, 20)}` : text;
  return [...linesOfHead(response), ...response.isCut ? ["(cut)"] : [], body];
}

/** Longer bodies are compared by their length and beginning. */
const MOST_SHOWN = 4_000;

/** What a server answers to all of it, in order. */
export async function converse(port: number, askings: readonly Asking[]): Promise<string[][]> {
  const answers: string[][] = [];
  let client = await WireClient.connect(port);
  try {
    for (const asking of askings) {
      const { texts, isOpen } = await ask(client, asking);
      answers.push(texts);
      if (isOpen) continue;
      client[Symbol.dispose]();
      client = await WireClient.connect(port);
    }
  } finally {
    client[Symbol.dispose]();
  }
  return answers;
}

async function ask(
  client: WireClient,
  asking: Asking,
): Promise<{ texts: string[]; isOpen: boolean }> {
  const texts: string[] = [];
  let isOpen = true;
  const methods = methodsOf(asking);
  for (const [index, part] of asking.send.entries()) {
    if (!isOpen) break;
    await client.send(join([encoder.encode(part)]));
    const isLast = index === asking.send.length - 1;
    const count = isLast ? methods.length - texts.length : 1;
    for (let i = 0; i < count && isOpen; i++) {
      const response = await client.readResponse(methods[texts.length]);
      texts.push(response === undefined ? "no response" : linesOf(response).join("\n"));
      isOpen = response !== undefined && staysOpen(response);
    }
  }
  return { texts, isOpen };
}

function staysOpen({ fields, framing, isCut }: WireResponse): boolean {
  return framing !== "close" && !isCut &&
    !fields.some(([name, value]) => name === "connection" && value.toLowerCase() === "close");
}
