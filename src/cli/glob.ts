// Patterns of paths: `*` and `?` stand for what is within one name, `**` for any number of folders, `[ab]` for one character.
// A pattern is split into the folder that it begins with and a test of what is below. No files are read here.

/** A pattern, taken apart. */
export interface Glob {
  /** The folder before the first name with a special character; empty for a pattern that begins with one. */
  readonly folder: string;
  /** Whether the pattern matches that path, relative to the folder, with `/` between names. */
  readonly matches: (path: string) => boolean;
}

const SPECIAL = /[*?[]/;

/** Parses a pattern with `/` between names; undefined for a path without special characters. */
export function parseGlob(pattern: string): Glob | undefined {
  const names = pattern.split("/");
  const first = names.findIndex((name) => SPECIAL.test(name));
  if (first < 0) return undefined;
  const folder = names.slice(0, first).join("/");
  const rest = names.slice(first);
  const last = rest.pop() ?? "";
  const source = rest.map((name) => name === "**" ? "(?:[^/]+/)*" : `${sourceOf(name)}/`).join("") +
    (last === "**" ? ".*" : sourceOf(last));
  const expression = new RegExp(`^${source}$`, "s");
  return {
    folder: folder === "" && pattern.startsWith("/") ? "/" : folder,
    matches: (path) => expression.test(path),
  };
}

/** The regular expression of one name. */
function sourceOf(name: string): string {
  return name.replace(/\[(!?)([^\]]+)\]|[*?]|[^*?[]+|\[/g, (part, not, characters) => {
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (characters === undefined) return RegExp.escape(part);
    return `[${not === "" ? "" : "^/"}${characters.replace(/[\\^]/g, "\\$&")}]`;
  });
}
