// Parses the patterns of paths. A pattern is a list of segments; a segment that begins with ":" is
// a parameter. Patterns are decoded here, once, so that they compare with decoded paths as they
// are.

/** What a path looks like: it begins with a slash. */
export type PathPattern = `/${string}`;

/** A segment of a pattern: a text that a path must have there, or the name of a parameter. */
export type PatternSegment = { readonly literal: string } | { readonly parameter: string };

/** The names that can be properties without quotes, as `req.params.id` is. */
const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Parses a pattern. `decode` undoes percent-encoding in a literal segment.
 *
 * @throws {TypeError} when the pattern is malformed; the message has the pattern
 */
export function parsePattern(
  pattern: string,
  isExact: boolean,
  decode: (segment: string) => string,
): readonly PatternSegment[] {
  if (!pattern.startsWith("/")) {
    refuse(pattern, `it must start with "/", as in ${JSON.stringify("/" + pattern)}`);
  }
  const forbidden = /[?#\s]/.exec(pattern);
  if (forbidden !== null) {
    refuse(
      pattern,
      `a path never has ${
        JSON.stringify(forbidden[0])
      } in it; write the path alone, with %20 for a space`,
    );
  }
  const texts = pattern.slice(1).split("/");
  // A prefix stands for all that is under it, so a slash at its end changes nothing; "/" is the
  // prefix of no segments at all. An exact path keeps its last slash as an empty segment, as the
  // paths do that are compared with it.
  if (texts.at(-1) === "" && !isExact) texts.pop();
  const segments = texts.map((text): PatternSegment =>
    text.startsWith(":")
      ? { parameter: parseParameter(pattern, text) }
      : { literal: parseLiteral(pattern, decode(text)) }
  );
  refuseRepeatedNames(pattern, segments);
  return segments;
}

function parseLiteral(pattern: string, literal: string): string {
  if (literal === "." || literal === "..") {
    refuse(pattern, `"." and ".." are resolved before routing, so it would never match`);
  }
  if (literal === "*") {
    refuse(
      pattern,
      `"*" is no wildcard; a prefix matches everything under it, and ":name" matches one segment`,
    );
  }
  return literal;
}

function parseParameter(pattern: string, text: string): string {
  const name = text.slice(1);
  if (!PARAMETER_NAME.test(name)) {
    refuse(
      pattern,
      `${JSON.stringify(text)} must be ":" and a name of letters, digits and "_", as in ":id"`,
    );
  }
  return name;
}

function refuseRepeatedNames(pattern: string, segments: readonly PatternSegment[]): void {
  const names = new Set<string>();
  for (const segment of segments) {
    if (!("parameter" in segment)) continue;
    const { parameter: name } = segment;
    if (names.has(name)) {
      refuse(pattern, `the parameter ":${name}" is there twice; give each one its own name`);
    }
    names.add(name);
  }
}

function refuse(pattern: string, why: string): never {
  throw new TypeError(`Cannot add path ${JSON.stringify(pattern)}: ${why}`);
}
