// Fuzzes the parser of forms: cases and forms of its own, with bytes changed in body and Content-Type. The invariant: a form or a
// refusal, never another throw, and the same as the slow reading in form_reference.ts.

import { parseFormEncoding, readForm } from "../../src/handler/form.ts";
import { parseMultipart } from "../../src/handler/multipart.ts";
import { FORM_CASES, MULTIPART } from "../handler/form_cases.ts";
import { bytesOf, numbersFrom, textOf } from "../http1/reading.ts";
import { readReferenceForm, type ReferenceEntry, type ReferenceForm } from "./form_reference.ts";
import { type FuzzPlan, type FuzzReport, sourceOf } from "./fuzzer.ts";
import { mutate, MUTATION_NAMES, type Random } from "./mutations.ts";
import { reduce } from "./reducer.ts";

/** A form as it comes in. The body has one character for each byte. */
export interface FormInput {
  readonly type: string;
  readonly body: string;
}

/** What came of a form. */
export type FormOutcome =
  | { readonly kind: "form"; readonly entries: readonly ReferenceEntry[] }
  | { readonly kind: "refused"; readonly status: number };

/** Something that reads forms. */
export type FormReader = (input: FormInput) => FormOutcome;

/** Longer seeds take the time of a hundred others. */
const SEEDS = FORM_CASES.filter(({ body }) => body.length < 1_000);
const BODIES = SEEDS.map(({ body }) => body);

/** What has tempted others to read a form in their own way. */
const PIECES = [
  "\r\n--X\r\n",
  "\r\n--X--\r\n",
  "\r\n--X",
  "\n--X\r\n",
  "--X\r\n",
  "--X--",
  "--",
  "\r\n",
  "\r\n\r\n",
  "\n\n",
  'Content-Disposition: form-data; name="a"\r\n',
  "Content-Disposition: form-data; name=a; filename=b\r\n\r\n",
  "Content-Type: text/plain\r\n",
  "Content-Transfer-Encoding: base64\r\n",
  '; name="b"',
  '; filename="c;d"',
  "; filename*=UTF-8''e",
  '"; ',
  '\\"',
  "\\\\",
  "%22",
  "%0D%0A",
  "%0d",
  ";",
  "=",
  '"',
  "\xef\xbb\xbf",
  "\xc3\xbc",
  "\xff",
  "&",
  "?",
  "; boundary=X",
  '; boundary="X"',
  "; boundary=Y",
  ", text/plain",
];

function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)];
}

function insertPieces(random: Random, text: string): string {
  let changed = text;
  while (random() < 0.5) {
    const at = Math.floor(random() * (changed.length + 1));
    const until = random() < 0.3 ? Math.min(changed.length, at + Math.floor(random() * 8)) : at;
    changed = changed.slice(0, at) + oneOf(random, PIECES) + changed.slice(until);
  }
  return changed;
}

/** A well-formed form with names and values of tempting pieces. */
function makeForm(random: Random): string {
  const pieces = () => {
    let text = "";
    while (random() < 0.7) text += oneOf(random, PIECES);
    return text;
  };
  let form = "";
  while (random() < 0.7) {
    const name = pieces().replace(/[\r\n]/g, "");
    const filename = random() < 0.5 ? `; filename="${pieces().replace(/[\r\n]/g, "")}"` : "";
    form +=
      `--X\r\nContent-Disposition: form-data; name="${name}"${filename}\r\n\r\n${pieces()}\r\n`;
  }
  return `${form}--X--\r\n`;
}

/** The form of that execution. It is the same whenever the seed is the same. */
export function makeFormInput(seed: number, number: number): FormInput {
  const random = numbersFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  // The first few numbers of generators that begin close to each other are alike.
  for (let warmUp = 0; warmUp < 4; warmUp++) random();
  const { type = MULTIPART, body } = random() < 0.3
    ? { body: makeForm(random) }
    : oneOf(random, SEEDS);
  const changed = random() < 0.4
    ? mutate(oneOf(random, MUTATION_NAMES), random, body, BODIES)
    : body;
  return {
    type: random() < 0.15 ? insertPieces(random, type) : type,
    body: random() < 0.7 ? insertPieces(random, changed) : changed,
  };
}

/** Reads a form with the server's own reader. The contents of files come from the parser: a `File` gives them only later. */
export function readWithParser({ type, body }: FormInput): FormOutcome {
  const bytes = bytesOf(body);
  const encoding = parseFormEncoding(type);
  if (encoding.kind === "refused") return { kind: "refused", status: encoding.status };
  const reading = readForm(encoding, bytes);
  if (reading.kind === "refused") return { kind: "refused", status: reading.status };
  const parsed = encoding.kind === "multipart"
    ? parseMultipart(bytes, encoding.boundary)
    : undefined;
  const parts = parsed?.kind === "parts" ? parsed.parts : [];
  const entries = [...reading.form].map(([name, value], index): ReferenceEntry => {
    if (typeof value === "string") return { name, value };
    const { name: filename, type, size } = value;
    const content = textOf(parts[index].bytes);
    if (content.length !== size) {
      throw new Error(`A file has ${size} bytes, its part ${content.length}`);
    }
    return { name, value: { filename, type, content } };
  });
  return { kind: "form", entries };
}

/** What is wrong with what a reader makes of a form. */
export function faultOfForm(
  input: FormInput,
  read: FormReader,
  expected: ReferenceForm,
): string | undefined {
  let actual: FormOutcome;
  try {
    actual = read(input);
  } catch (error) {
    return `The reader throws ${error}`;
  }
  const isRight = expected.kind === "refused"
    ? actual.kind === "refused" && expected.statuses.includes(actual.status)
    : JSON.stringify(actual) === JSON.stringify(expected);
  return isRight
    ? undefined
    : `The reader differs from the reference\n  got      ${JSON.stringify(actual)}\n  expected ${
      JSON.stringify(expected)
    }`;
}

function kindOfFault(fault: string | undefined): string | undefined {
  return fault?.split("\n", 1)[0];
}

/** What to run, as {@linkcode fuzz} has it, with a reader of forms. */
export type FormFuzzPlan = Omit<FuzzPlan, "reader"> & { readonly reader?: FormReader };

/** Runs executions until one fails, or the plan ends. */
export async function fuzzForms(
  { seed, first = 0, goesOn, reader = readWithParser }: FormFuzzPlan,
): Promise<FuzzReport> {
  const ends = new Map<string, number>();
  let number = first;
  for (; goesOn(number); number++) {
    const input = makeFormInput(seed, number);
    const expected = readReferenceForm(input.type, input.body);
    const end = endOf(expected);
    ends.set(end, (ends.get(end) ?? 0) + 1);
    const fault = faultOfForm(input, reader, expected);
    if (fault === undefined) continue;
    const failure = { seed, number, ...await makeSmall(input, fault, reader) };
    return { executions: number + 1 - first, ends, failure };
  }
  return { executions: number - first, ends, failure: undefined };
}

/** The name of what a form comes to. */
function endOf(expected: ReferenceForm): string {
  if (expected.kind === "refused") return `forms refused with ${expected.statuses[0]}`;
  return `forms read with ${expected.entries.length > 1 ? "more entries" : "one entry or none"}`;
}

/** Makes the body smaller as long as the same kind of fault shows. The input is written as a case (tests/handler/form_cases.ts). */
async function makeSmall(
  { type, body }: FormInput,
  fault: string,
  reader: FormReader,
): Promise<{ fault: string; input: string }> {
  const faultOf = (body: string) =>
    faultOfForm({ type, body }, reader, readReferenceForm(type, body));
  const small = await reduce(body, (body) => kindOfFault(faultOf(body)) === kindOfFault(fault));
  const input = `{ what: "...", type: ${sourceOf(type)}, body: ${sourceOf(small)} },`;
  return { fault: faultOf(small) ?? fault, input };
}
