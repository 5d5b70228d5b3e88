// Where a program that listens by node:http answers in another way than alone, and why.

/** A request whose answer differs. */
export interface NodeDifference {
  /** The request, by its name. */
  readonly what: RegExp;
  /** The programs in which it does. */
  readonly files: readonly string[];
  readonly why: string;
  /** What of the answer alone is another text here. */
  readonly changes: readonly (readonly [alone: string, here: string])[];
}

/** The length of a body that is empty, in place of chunks. */
const NO_CHUNKS: NodeDifference["changes"] = [
  ["\ntransfer-encoding: chunked\n(chunked)", "\ncontent-length: 0\n(length)"],
];

const WHOLE = "a body that is whole when the response begins has its length";
const HEAD = "a response to HEAD has the fields of one to GET (RFC 9110, section 9.3.2)";

export const NODE_DIFFERENCES: readonly NodeDifference[] = [
  {
    what: /^GET \/ by HTTP\/1\.0$/,
    files: ["polka.js"],
    why: WHOLE,
    changes: [["\n(close)", "\ncontent-length: 12\n(length)"]],
  },
  {
    what: /^GET \/ by HTTP\/1\.0, kept$/,
    files: ["polka.js"],
    why: `${WHOLE}, so the connection can stay`,
    changes: [["\nconnection: close\n(close)", "\ncontent-length: 12\n(length)"]],
  },
  {
    what: /^GET \/redirect$/,
    files: ["polka.js", "hono_node.js"],
    why: WHOLE,
    changes: NO_CHUNKS,
  },
  {
    what: /^GET \/notes.txt Range: bytes=9999-$/,
    files: ["hono_node.js"],
    why: WHOLE,
    changes: NO_CHUNKS,
  },
  {
    what: /^HEAD (?:\/|\/api)$/,
    files: ["hono_node.js", "oak.js", "react_router.js", "remix.js"],
    why: HEAD,
    changes: [["\n(none)", "\ntransfer-encoding: chunked\n(none)"]],
  },
  {
    what: /^HEAD \/$/,
    files: ["apollo.js"],
    why: HEAD,
    changes: [["\n(none)", "\ncontent-length: 406\n(none)"]],
  },
  {
    what: /^OPTIONS \/$/,
    files: ["apollo.js"],
    why: "a response of status 204 has no length (RFC 9110, section 8.6)",
    changes: [["\ncontent-length: 0", ""]],
  },
  {
    what: /^GET \/\?moves$/,
    files: ["server.js"],
    why: WHOLE,
    changes: [["\ntransfer-encoding: chunked\n(chunked)", "\ncontent-length: 1\n(length)"]],
  },
  {
    what: /^GET \/about\/$/,
    files: ["server.js"],
    why: WHOLE,
    changes: [["\ntransfer-encoding: chunked\n(chunked)", "\ncontent-length: 6\n(length)"]],
  },
  {
    what: /^POST \/api\/echo \{"a":$/,
    files: ["server.js"],
    why: `${WHOLE}, and a status its reason phrase`,
    changes: [
      ["400 Invalid JSON", "400 Bad Request"],
      ["\ntransfer-encoding: chunked\n(chunked)", "\ncontent-length: 12\n(length)"],
    ],
  },
  {
    what: /\/graphql/,
    files: ["yoga_node.js"],
    why: "a status has its reason phrase, which the program sets to nothing",
    changes: [["200\n", "200 OK\n"]],
  },
];

/** The answers that a program has here, made of those that it has alone. */
export function answersHere(file: string, what: string, alone: readonly string[]): string[] {
  const found = NODE_DIFFERENCES.filter((each) =>
    each.files.includes(file) && each.what.test(what)
  );
  const changes = found.flatMap((each) => each.changes);
  if (changes.length === 0) return [...alone];
  return alone.map((answer) =>
    sorted(changes.reduce((text, [before, after]) => {
      if (!text.includes(before)) throw new Error(`${file}: ${what} has no ${before}`);
      return text.replace(before, after);
    }, answer))
  );
}

/** The fields of an answer stand in the order of their names, between the status and the framing. */
function sorted(answer: string): string {
  const [status, ...lines] = answer.split("\n");
  const end = lines.findIndex((line) => line.startsWith("("));
  return [status, ...lines.slice(0, end).sort(), ...lines.slice(end)].join("\n");
}
