// Compares what Mudpie and another server have made of the same bytes.

import type { Understood } from "./differential_servers/understood.ts";
import type { Answer, Outcome } from "./differential_exchange.ts";

/** What Mudpie has made of a case, compared with a peer. */
export type Verdict =
  | { readonly kind: "same" }
  /** Mudpie refuses, or waits for more, where the peer has read a request. */
  | { readonly kind: "stricter"; readonly why: string }
  /** Mudpie reads a request, or waits for more, where the peer refuses. */
  | { readonly kind: "more lenient"; readonly why: string }
  /** Both read a request, and not the same one. */
  | { readonly kind: "different"; readonly why: string };

/** All that a verdict can be. */
export const VERDICTS = ["same", "stricter", "different", "more lenient"] as const;

/** Compares what Mudpie and a peer have made of the same bytes, request by request. The first difference decides. */
export function compare(ours: Outcome, theirs: Outcome): Verdict {
  const count = Math.max(ours.answers.length, theirs.answers.length);
  for (let i = 0; i < count; i++) {
    const our = ours.answers[i];
    const their = theirs.answers[i];
    const weRead = our !== undefined && our.kind !== "refused";
    const theyRead = their !== undefined && their.kind !== "refused";
    if (weRead && !theyRead) {
      return {
        kind: "more lenient",
        why: `reads ${sayAnswer(our)}; the peer ${sayEnd(theirs, i)}`,
      };
    }
    if (theyRead && !weRead) {
      return { kind: "stricter", why: `${sayEnd(ours, i)}; the peer reads ${sayAnswer(their)}` };
    }
    if (our?.kind === "understood" && their?.kind === "understood") {
      const why = difference(our.request, their.request);
      if (why !== undefined) return { kind: "different", why };
    }
    if (weRead) continue;
    const weWait = our === undefined && ours.ending !== "closed";
    const theyWait = their === undefined && theirs.ending !== "closed";
    // A refusal that came of the client's end is what waiting comes to.
    if (weWait && their !== undefined && i < theirs.unprompted) {
      return { kind: "more lenient", why: `waits for more; the peer ${sayEnd(theirs, i)}` };
    }
    if (theyWait && our !== undefined && i < ours.unprompted) {
      return { kind: "stricter", why: `${sayEnd(ours, i)}; the peer waits for more` };
    }
  }
  return { kind: "same" };
}

function sayAnswer(answer: Answer): string {
  switch (answer.kind) {
    case "understood":
      return JSON.stringify(`${answer.request.method} ${answer.request.target}`);
    case "served":
      return `a request, and answers it itself with ${answer.status}`;
    case "refused":
      return `nothing, and refuses with ${answer.status}`;
  }
}

/** What a server does in the place of an answer that another one gives. */
function sayEnd({ answers, ending }: Outcome, index: number): string {
  const answer = answers[index];
  if (answer?.kind === "refused") return `refuses with ${answer.status}`;
  switch (ending) {
    case "closed":
      return "hangs up";
    case "closed after the client":
      return "waits for more";
    case "open":
      return "waits for more, and stays open";
  }
}

/** What is not the same in two requests; undefined where nothing is. What a server does not tell is not compared. */
function difference(ours: Understood, theirs: Understood): string | undefined {
  const pairs: [what: string, our: unknown, their: unknown][] = [[
    "method",
    ours.method,
    theirs.method,
  ]];
  if (ours.target !== null && theirs.target !== null && ours.target !== theirs.target) {
    pairs.push(["target", normalTarget(ours.target), normalTarget(theirs.target)]);
  }
  if (ours.body !== null && theirs.body !== null) pairs.push(["body", ours.body, theirs.body]);
  const ourFields = mergedFields(ours);
  const theirFields = mergedFields(theirs);
  for (const name of new Set([...ourFields.keys(), ...theirFields.keys()])) {
    pairs.push([`field "${name}"`, ourFields.get(name), theirFields.get(name)]);
  }
  const differing = pairs.filter(([, our, their]) => our !== their);
  if (differing.length === 0) return undefined;
  return differing.map(([what, our, their]) =>
    `${what}: ${shortJson(our)}, the peer ${shortJson(their)}`
  ).join("; ");
}

/** A target as the URL standard reads it, because a platform Request has no other. */
function normalTarget(target: string): string {
  const url = URL.parse(target.startsWith("/") ? `http://a${target}` : target);
  return url === null ? target : url.pathname + url.search;
}

/**
 * Node gives field lines, a platform's Headers give fields: lines of the same name joined, names in lower case. Deno's lose an
 * empty line before another one, which is no member of a list anyway (RFC 9110, section 5.6.1).
 */
function mergedFields({ fields }: Understood): Map<string, string> {
  const merged = new Map<string, string>();
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    const before = merged.get(lower);
    merged.set(lower, before === undefined || before === "" ? value : `${before}, ${value}`);
  }
  return merged;
}

/** A value as JSON, without the middle of a long one. */
export function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 300 ? text : `${text.slice(0, 150)} ... ${text.slice(-100)}`;
}
