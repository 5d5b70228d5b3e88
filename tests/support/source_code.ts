// Reads source code as far as the architecture tests need it: what is code and what is text in it,
// and what it imports. No parser: a scanner that knows where comments, strings, templates and
// regular expressions begin and end is enough for both, and has nothing to download.

interface Import {
  specifier: string;
  line: number;
  /** Nothing of it is left when the types are gone, so nothing is loaded for it. */
  isTypeOnly: boolean;
  /** It is loaded when the code comes to it, rather than before the module runs. */
  isDynamic: boolean;
}

const comment = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const quotedString = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y;
const regularExpression = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** From a backtick, or from the brace that ends a `${}`, to the next backtick or `${`. */
const templatePart = /[`}](?:[^`\\$]|\\[^]|\$(?!\{))*(?:`|\$\{)/y;
const word = /[\w$]+/y;

/** After these words a slash begins a regular expression; after all others it divides. */
const wordsBeforeAnExpression = new Set(
  "await case delete do else in instanceof new of return throw typeof void yield".split(" "),
);

/**
 * The source with spaces for all that is not code: comments, and what stands between quotes,
 * backticks or the slashes of a regular expression. Every character of code keeps its place.
 */
export function codeOnly(source: string): string {
  let code = "";
  let previousToken = "";
  const openBraces: ("block" | "substitution")[] = [];
  const take = (pattern: RegExp) => {
    pattern.lastIndex = code.length;
    return pattern.exec(source)?.[0];
  };

  while (code.length < source.length) {
    const character = source[code.length];
    const closesSubstitution = character === "}" && openBraces.at(-1) === "substitution";
    let text: string | undefined;
    if ((text = take(comment)) !== undefined) {
      code += blank(text);
    } else if ((text = take(quotedString)) !== undefined) {
      code += blankBetween(text, 1);
      previousToken = character;
    } else if (
      (character === "`" || closesSubstitution) && (text = take(templatePart)) !== undefined
    ) {
      const opensSubstitution = text.endsWith("${");
      if (closesSubstitution) openBraces.pop();
      if (opensSubstitution) openBraces.push("substitution");
      code += blankBetween(text, opensSubstitution ? 2 : 1);
      previousToken = opensSubstitution ? "{" : "`";
    } else if (
      mayPrecedeAnExpression(previousToken) && (text = take(regularExpression)) !== undefined
    ) {
      code += blankBetween(text, text.length - text.lastIndexOf("/"));
      previousToken = character;
    } else if ((text = take(word)) !== undefined) {
      code += text;
      previousToken = text;
    } else {
      if (character === "{") openBraces.push("block");
      if (character === "}") openBraces.pop();
      code += character;
      if (character.trim() !== "") previousToken = character;
    }
  }
  return code;
}

function mayPrecedeAnExpression(token: string): boolean {
  return /^[\w$]/.test(token) ? wordsBeforeAnExpression.has(token) : !")]\"'`/".includes(token);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

function blankBetween(text: string, closingLength: number): string {
  const closingStart = text.length - closingLength;
  return text[0] + blank(text.slice(1, closingStart)) + text.slice(closingStart);
}

/** `import` and `export ... from`, with their bindings, up to the quote of the specifier. */
const staticImport =
  /\b(?:import|export)\b\s*(?<type>type\b)?\s*(?<bindings>(?:[\w$]+\s*,?\s*)?(?:\{[^{}]*\}\s*|\*\s*(?:as\s+[\w$]+\s*)?)?)from\s*["']/;
/** `import "x"` and `import("x")`; a specifier that is computed has no place in a table. */
const bareImport = /\bimport\s*\(?\s*["']/;
const anyImport = new RegExp(`${staticImport.source}|${bareImport.source}`, "g");

/** What a module imports and re-exports, in order. */
export function importsOf(source: string): Import[] {
  const code = codeOnly(source);
  return Array.from(code.matchAll(anyImport), (match) => {
    const specifierStart = match.index + match[0].length;
    const quote = code[specifierStart - 1];
    return {
      specifier: source.slice(specifierStart, code.indexOf(quote, specifierStart)),
      line: lineAt(source, match.index),
      isTypeOnly: match.groups?.type !== undefined ||
        bindsOnlyTypes(match.groups?.bindings ?? ""),
      isDynamic: match[0].includes("("),
    };
  });
}

/** The line of a place in a text, counted from 1. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

function bindsOnlyTypes(bindings: string): boolean {
  const names = /^\{([^{}]*)\}\s*$/.exec(bindings)?.[1].split(",").map((name) => name.trim());
  const given = names?.filter((name) => name !== "") ?? [];
  return given.length > 0 && given.every((name) => name.startsWith("type "));
}
