// What was seen in several rounds, in words: for a table with a cell for each failure and server, and for one with a row for each.
// No servers, no clocks: observations come in, text goes out.

import { median } from "../statistics.ts";
import type { Row } from "../table.ts";
import type { ClientOutcome } from "./client.ts";
import type { Failure } from "./failures.ts";
import type { Observation } from "./observe.ts";

/** What has become of the service. */
export type Fate =
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "serves"; readonly workers: number; readonly workersBefore: number };

export function fateOf({ ending, workersAfter, workersBefore }: Observation): Fate {
  return ending === undefined
    ? { kind: "serves", workers: workersAfter, workersBefore }
    : { kind: "ended", code: ending.code };
}

/** A shorter time in which nobody was answered is what a busy machine brings about by itself. */
const NOTICEABLE_MS = 250;

/** What a reader wants to know first. Rounds that ended differently are told apart, the most frequent end first. */
export function summaryCell(observations: readonly Observation[]): string {
  const groups = [...Map.groupBy(observations, (each) => fateText(fateOf(each)))]
    .sort(([, left], [, right]) => right.length - left.length);
  return groups.map(([fate, group]) => {
    const parts = [
      clientText(group),
      group[0].ending === undefined ? fate : `${fate} after ${endText(group)}`,
      othersText(group),
      silenceText(group),
      unansweredText(group),
    ];
    const text = parts.filter((part) => part !== undefined).join("; ");
    return groups.length === 1 ? text : `${group.length} of ${observations.length} times: ${text}`;
  }).join("<br>");
}

/** All figures of one failure and server. */
export function detailRow(
  { what }: Failure,
  peer: string,
  observations: readonly Observation[],
): Row {
  const ended = observations.filter(({ ending }) => ending !== undefined);
  return {
    "what happens": what,
    "server": peer,
    "the client got": clientText(observations),
    "others failed": `${range(observations.map(({ failed }) => failed))} of ${
      middleSent(observations)
    }`,
    "in which manner": mannersText(observations),
    "then refused": range(observations.map(({ refused }) => refused)),
    "nobody answered for": observations.map(silenceOf).join(", "),
    "workers answer after": observations.map((each) => `${each.workersAfter}/${each.workersBefore}`)
      .join(", "),
    "new connections unanswered": range(
      observations.map(({ unansweredShare, ending }) =>
        ending === undefined ? Math.round(unansweredShare * 100) : 0
      ),
    ) + " %",
    "exit code": ended.length === 0 ? "runs on" : observations.map(codeOf).join(", "),
  };
}

function codeOf({ ending }: Observation): string {
  return ending === undefined ? "runs on" : `${ending.code} after ${seconds(ending.afterMs)}`;
}

function silenceOf({ silenceMs, ending }: Observation): string {
  return ending === undefined ? seconds(silenceMs) : "ever";
}

function fateText(fate: Fate): string {
  switch (fate.kind) {
    case "ended":
      return `the process ends with exit code ${fate.code}`;
    case "serves":
      return fate.workers === fate.workersBefore
        ? `all ${fate.workersBefore} workers answer`
        : `${fate.workers} of ${fate.workersBefore} workers are left`;
  }
}

function endText(group: readonly Observation[]): string {
  return seconds(median(group.map(({ ending }) => ending?.afterMs ?? 0)));
}

/** What the clients got, with how often where they did not get the same. */
function clientText(observations: readonly Observation[]): string {
  const groups = [...Map.groupBy(observations, ({ client }) => outcomeText(client))];
  if (groups.length === 1) return groups[0][0];
  return groups.map(([text, group]) => `${text} (${group.length} of ${observations.length})`)
    .join(", ");
}

function outcomeText(outcome: ClientOutcome): string {
  switch (outcome.kind) {
    case "answered":
      return `${outcome.status}`;
    case "ended":
      return "connection closed";
    case "refused":
      return "refused";
    case "unanswered":
      return `no answer in ${seconds(outcome.patienceMs)}`;
  }
}

function othersText(group: readonly Observation[]): string {
  const failed = group.map((each) => each.failed);
  const sent = middleSent(group);
  const first = Math.max(...failed) === 0
    ? `none of ${sent} others fails`
    : `${range(failed)} of ${sent} others fail`;
  return group.some(({ refused }) => refused > 0) ? `${first}, and then all` : first;
}

function silenceText(group: readonly Observation[]): string | undefined {
  const longest = Math.max(...group.map(({ silenceMs }) => silenceMs));
  if (group[0].ending !== undefined || longest < NOTICEABLE_MS) return undefined;
  return `nobody is answered for up to ${seconds(longest)}`;
}

function unansweredText(group: readonly Observation[]): string | undefined {
  const share = median(group.map(({ unansweredShare }) => unansweredShare));
  if (group[0].ending !== undefined || share === 0) return undefined;
  return `${Math.round(share * 100)} % of new connections get no answer`;
}

/** In which manner the others failed, over all rounds. */
function mannersText(observations: readonly Observation[]): string {
  const sums = new Map<string, number>();
  for (const [manner, count] of observations.flatMap(({ manners }) => Object.entries(manners))) {
    sums.set(manner, (sums.get(manner) ?? 0) + count);
  }
  return [...sums].map(([manner, count]) => `${manner} ${count}`).join(", ") || "-";
}

function middleSent(observations: readonly Observation[]): string {
  return Math.round(median(observations.map(({ sent }) => sent))).toLocaleString("en");
}

function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const text = (value: number) => value.toLocaleString("en");
  return least === most ? text(least) : `${text(least)}-${text(most)}`;
}

function seconds(milliseconds: number): string {
  return milliseconds < 1_000
    ? `${Math.round(milliseconds)} ms`
    : `${+(milliseconds / 1_000).toFixed(1)} s`;
}
