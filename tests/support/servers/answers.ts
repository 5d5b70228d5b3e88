// What a client gets from a program, as far as it must be the same whoever serves the program.

import { within } from "../deadline.ts";

/** A request to a program. */
export interface Asked {
  readonly path: string;
  readonly init?: () => RequestInit;
  /** Whether the body never ends: then only its first part is read. */
  readonly isEndless?: boolean;
}

/** What a client gets. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export const get = (path: string, headers?: HeadersInit): Asked => ({
  path,
  init: () => ({ headers }),
});

export const post = (path: string, body: () => BodyInit, headers?: HeadersInit): Asked => ({
  path,
  init: () => ({ method: "POST", body: body(), headers }),
});

/** A request whose answer never ends. */
export const getEndless = (path: string): Asked => ({ path, isEndless: true });

/** The framing, and when it was, are the server's own. */
const OWN = ["date", "connection", "content-length", "transfer-encoding", "keep-alive"];

/** Sends a request to a program on this machine. */
export async function askFrom(
  client: Deno.HttpClient,
  port: number,
  { path, init, isEndless }: Asked,
): Promise<Answer> {
  const asked = fetch(`http://127.0.0.1:${port}${path}`, {
    ...init?.(),
    client,
    redirect: "manual",
  });
  const response = await within(asked, `an answer to ${path}`);
  const text = isEndless ? firstPart(response) : response.text();
  return contentOf(response, await within(text, `the body of the answer to ${path}`));
}

async function firstPart(response: Response): Promise<string> {
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

function contentOf(response: Response, text: string): Answer {
  const { status, headers, url } = response;
  const body = text.replaceAll(new URL(url).origin, "ORIGIN");
  const own = [...OWN];
  // So is the answer to a failure that the program does not answer.
  if (status === 500 && body === "Internal Server Error") own.push("content-type");
  return { status, headers: [...headers].filter(([name]) => !own.includes(name)), body };
}
