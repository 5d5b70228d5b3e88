// Before a server is timed it is asked, and its answer compared: what is fast and wrong does not count.

import { RawClient, type RawResponse } from "../support/clients/raw_client.ts";
import type { ExpectedAnswer, Workload } from "./workloads.ts";

/** What is compared of an answer. Of its content type only the media type: servers differ in how, and whether, they name UTF-8. */
export function comparableAnswer(
  { status, headers, text }: RawResponse,
  fieldNames: readonly string[] = [],
) {
  return {
    status,
    contentType: headers.get("content-type")?.toLowerCase().split(";")[0] ?? null,
    length: headers.get("content-length"),
    hasDate: headers.has("date"),
    fields: Object.fromEntries(fieldNames.map((name) => [name, headers.get(name)])),
    body: text,
  };
}

function comparableExpectation({ contentType, body, fields = {} }: ExpectedAnswer) {
  const length = String(new TextEncoder().encode(body).length);
  return { status: 200, contentType, length, hasDate: true, fields, body };
}

/** Asks what the workload asks, once, and throws where the answer is not the right one. */
export async function checkAnswers(port: number, workload: Workload): Promise<void> {
  using client = await RawClient.connect(port);
  await client.send(workload.requests[0]);
  const expected = JSON.stringify(comparableExpectation(workload.answer));
  const fieldNames = Object.keys(workload.answer.fields ?? {});
  for (let i = 0; i < workload.depth; i++) {
    const got = JSON.stringify(comparableAnswer(await client.readResponse(), fieldNames));
    if (got !== expected) {
      throw new Error(
        `Wrong answer to ${workload.name}: got ${shown(got)}, expected ${shown(expected)}`,
      );
    }
  }
  if (workload.isLast) await client.assertEnded();
}

const SHOWN_CHARACTERS = 400;

function shown(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : text.slice(0, SHOWN_CHARACTERS) + "...";
}
