// The differential run (differential.ts) in CI: Mudpie reads nothing that `Deno.serve` or Node's `http` refuses, but for what
// README.md lists with a reason. The list is read from the page itself, so that the two cannot drift apart.
//
// What the peers do is theirs, and changes with their versions. So a listed case that a peer of another version reads as well is
// no failure; a case that Mudpie alone reads, and nobody has listed, is one with any version.

import { assert, assertEquals, assertGreater } from "@std/assert";
import { beforeAll, describe, it } from "@std/testing/bdd";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";
import type { Understood } from "./differential_servers/understood.ts";
import {
  type Differences,
  findDifferences,
  nodeVersion,
  type PeerName,
  PEERS,
} from "./differential.ts";
import { type Answer, isNext, type Outcome, parseAnswers } from "./differential_exchange.ts";
import { compare } from "./differential_verdict.ts";

const canRun = CAN_START_PROGRAMS && await nodeVersion() !== undefined;

/** What README.md says. */
interface Page {
  /** The versions of the peers that it was written with. */
  readonly versions: Record<PeerName, string>;
  /** Each case that Mudpie reads and a peer refuses, as `case (peer)`. */
  readonly listed: readonly string[];
  /** The reasons that the list gives, and those that are explained. */
  readonly given: ReadonlySet<string>;
  readonly explained: ReadonlySet<string>;
}

const LIST = "## What Mudpie reads and a peer refuses";

/** The cells of a Markdown table's rows, below its head. */
function tableRows(text: string, firstColumn: string): string[][] {
  const lines = text.split("\n");
  const head = lines.findIndex((line) => line.startsWith(`| ${firstColumn} `));
  assert(head >= 0, `README.md has no table whose first column is ${firstColumn}`);
  const rows: string[][] = [];
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith("|")) break;
    // A bar inside of a cell is written with a backslash before it.
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    rows.push(cells.map((cell) => cell.trim().replaceAll("\\|", "|")));
  }
  return rows;
}

async function readPage(): Promise<Page> {
  const text = await Deno.readTextFile(new URL("./README.md", import.meta.url));
  const versions = /Deno (\S+) and Node (v[\d.]+\d)/.exec(text);
  assert(versions !== null, "README.md does not name the versions of the peers");
  const section = text.slice(text.indexOf(LIST));
  const rows = tableRows(section, "Case");
  return {
    versions: { "Deno.serve": versions[1], "node:http": versions[2] },
    listed: rows.map(([what, peer]) => `${what} (${peer})`),
    given: new Set(rows.map(([, , reason]) => reason)),
    explained: new Set(tableRows(section, "Reason").map(([reason]) => reason)),
  };
}

describe("Mudpie, beside Deno.serve and node:http (needs node on the path)", {
  ignore: !canRun,
}, () => {
  let differences: Differences;
  let page: Page;
  beforeAll(async () => {
    [differences, page] = await Promise.all([findDifferences(), readPage()]);
  });

  const named = (kind: "more lenient" | "different", of: PeerName) =>
    differences.compared
      .filter(({ verdicts }) => verdicts[of].kind === kind)
      .map(({ what }) => `${what} (${of})`);

  it("Mudpie reads nothing that a peer refuses, but for what README.md lists", () => {
    const unlisted = PEERS.flatMap((peer) => named("more lenient", peer))
      .filter((one) => !page.listed.includes(one));
    assertEquals(unlisted, [], "see `deno task differential`");
  });

  it("Mudpie reads no request in another way than a peer that reads it too", () => {
    assertEquals(PEERS.flatMap((peer) => named("different", peer)), []);
  });

  it("Mudpie is listed in README.md with nothing that is not so", () => {
    const known = new Set(differences.compared.map(({ what }) => what));
    for (const peer of PEERS) {
      const listed = page.listed.filter((one) => one.endsWith(` (${peer})`));
      const cases = listed.map((one) => one.slice(0, -` (${peer})`.length));
      assertEquals(cases.filter((what) => !known.has(what)), [], "cases that are no more");
      // Another version may have become as lenient.
      if (differences.versions[peer] !== page.versions[peer]) continue;
      assertEquals(listed.toSorted(), named("more lenient", peer).toSorted());
    }
  });

  it("Mudpie is listed in README.md with a reason for each case, and each is explained", () => {
    assertEquals([...page.given].toSorted(), [...page.explained].toSorted());
  });

  it("Mudpie is compared by what each server has really understood", () => {
    const plainest = differences.compared.find(({ what }) => what === "the plainest request");
    assert(plainest !== undefined);
    for (const [server, { answers }] of Object.entries(plainest.outcomes)) {
      const targets = answers.map((answer) =>
        answer.kind === "understood" && answer.request.target
      );
      assertEquals(targets, ["/", "/next"], server);
    }
    for (const peer of PEERS) {
      const read = differences.compared.filter(({ outcomes }) =>
        outcomes[peer].answers.some((answer) => answer.kind === "understood")
      );
      const refused = differences.compared.filter(({ outcomes }) =>
        outcomes[peer].answers.some((answer) => answer.kind === "refused")
      );
      assertGreater(read.length, 100, `cases that ${peer} reads`);
      assertGreater(refused.length, 100, `cases that ${peer} refuses`);
    }
  });
});

describe("compare()", () => {
  const understood = (changes: Partial<Understood> = {}): Answer => ({
    kind: "understood",
    request: { method: "GET", target: "/", minorVersion: null, fields: [], body: "", ...changes },
  });
  const refused: Answer = { kind: "refused", status: 400 };
  const served: Answer = { kind: "served", status: 204 };
  const closed = (...answers: Answer[]): Outcome => ({
    answers,
    unprompted: answers.length,
    ending: "closed",
  });
  const waiting = (...answers: Answer[]): Outcome => ({ ...closed(...answers), ending: "open" });
  const prompted = (...answers: Answer[]): Outcome => ({
    answers,
    unprompted: 0,
    ending: "closed after the client",
  });

  const cases: { what: string; ours: Outcome; theirs: Outcome; verdict: string }[] = [
    { what: "nothing said at all", ours: closed(), theirs: closed(), verdict: "same" },
    {
      what: "the same request",
      ours: closed(understood()),
      theirs: closed(understood()),
      verdict: "same",
    },
    { what: "two refusals", ours: closed(refused), theirs: closed(refused), verdict: "same" },
    {
      what: "a refusal and a hanging up",
      ours: closed(refused),
      theirs: closed(),
      verdict: "same",
    },
    {
      what: "a request where the peer refuses",
      ours: closed(understood()),
      theirs: closed(refused),
      verdict: "more lenient",
    },
    {
      what: "a request where the peer hangs up",
      ours: closed(understood()),
      theirs: closed(),
      verdict: "more lenient",
    },
    {
      what: "one more request than the peer",
      ours: closed(understood(), understood()),
      theirs: waiting(understood()),
      verdict: "more lenient",
    },
    {
      what: "a request behind a refusal",
      ours: closed(refused, understood()),
      theirs: closed(refused),
      verdict: "more lenient",
    },
    {
      what: "waiting where the peer refuses",
      ours: waiting(),
      theirs: closed(refused),
      verdict: "more lenient",
    },
    {
      what: "waiting where the peer refuses because of the client's end",
      ours: waiting(),
      theirs: prompted(refused),
      verdict: "same",
    },
    {
      what: "a refusal where the peer reads",
      ours: closed(refused),
      theirs: closed(understood()),
      verdict: "stricter",
    },
    {
      what: "a refusal where the peer waits",
      ours: closed(refused),
      theirs: waiting(),
      verdict: "stricter",
    },
    {
      what: "one request fewer than the peer",
      ours: closed(understood()),
      theirs: closed(understood(), understood()),
      verdict: "stricter",
    },
    {
      what: "a request that a peer has served itself",
      ours: closed(understood()),
      theirs: closed(served),
      verdict: "same",
    },
  ];
  const differing: { what: string; our: Partial<Understood>; their: Partial<Understood> }[] = [
    { what: "method", our: { method: "GET" }, their: { method: "get" } },
    { what: "target", our: { target: "/a" }, their: { target: "/b" } },
    { what: "body", our: { body: "a" }, their: { body: "" } },
    { what: "field value", our: { fields: [["a", "1"]] }, their: { fields: [["a", "2"]] } },
    { what: "field that is not there", our: { fields: [] }, their: { fields: [["a", ""]] } },
  ];
  for (const { what, our, their } of differing) {
    cases.push({
      what: `another ${what}`,
      ours: closed(understood(our)),
      theirs: closed(understood(their)),
      verdict: "different",
    });
  }
  const alike: typeof differing = [
    { what: "a body that the peer does not tell", our: { body: "a" }, their: { body: null } },
    { what: "a target that the peer cannot tell", our: { target: "/a" }, their: { target: null } },
    {
      what: "a target that the peer has resolved",
      our: { target: "/a/../b?c" },
      their: { target: "/b?c" },
    },
    {
      what: "field lines that the peer has joined",
      our: { fields: [["A", "1"], ["a", "2"]] },
      their: { fields: [["a", "1, 2"]] },
    },
  ];
  for (const { what, our, their } of alike) {
    cases.push({
      what,
      ours: closed(understood(our)),
      theirs: closed(understood(their)),
      verdict: "same",
    });
  }
  for (const { what, ours, theirs, verdict } of cases) {
    it(`compare() says "${verdict}" of ${what}`, () => {
      assertEquals(compare(ours, theirs).kind, verdict);
    });
  }
});

describe("parseAnswers()", () => {
  const bare = "HTTP/1.1 200 OK\r\nunderstood: %7B%22target%22%3A%22%2Fnext%22%7D\r\n\r\n";
  const body = '{"target":"/next"}';
  const handlers =
    `HTTP/1.1 200 OK\r\nunderstood: in-body\r\ncontent-length: ${body.length}\r\n\r\n`;
  const cases: { what: string; text: string; kinds: string[]; partial?: string[] }[] = [
    { what: "nothing", text: "", kinds: [] },
    { what: "a part of a head", text: "HTTP/1.1 200 OK\r\n", kinds: [] },
    { what: "a handler's answer", text: handlers + body, kinds: ["next"] },
    { what: "a handler's answer to a HEAD", text: bare, kinds: ["next"] },
    { what: "two answers", text: bare + handlers + body, kinds: ["next", "next"] },
    { what: "a handler's answer without its end", text: handlers + "{", kinds: [] },
    {
      what: "an interim answer before another one",
      text: "HTTP/1.1 100 Continue\r\n\r\n" + bare,
      kinds: ["next"],
    },
    {
      what: "a refusal with a body",
      text: "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno" + bare,
      kinds: ["refused", "next"],
    },
    {
      what: "a refusal of a HEAD, with a length and no body, at the end",
      text: "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n",
      kinds: ["refused"],
      partial: [],
    },
    {
      what: "a refusal of a HEAD before another answer",
      text: "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\n" + bare,
      kinds: ["refused", "next"],
    },
    {
      what: "a refusal whose body is the last chunk alone",
      text: "HTTP/1.1 417 Expectation Failed\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + bare,
      kinds: ["refused", "next"],
    },
    {
      what: "a success that is not the handler's",
      text: "HTTP/1.1 204 No Content\r\nAllow: GET\r\n\r\n",
      kinds: ["served"],
    },
  ];
  for (const { what, text, kinds, partial = kinds } of cases) {
    it(`parseAnswers() reads ${what}`, () => {
      const read = (isAll: boolean) =>
        parseAnswers(text, isAll).map((answer) => isNext(answer) ? "next" : answer.kind);
      assertEquals(read(true), kinds, "all that there is");
      assertEquals(read(false), partial, "so far");
    });
  }
});
