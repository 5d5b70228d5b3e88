// Parses `Sec-WebSocket-Extensions` (RFC 6455, section 9.1): what extensions a client offers, in
// the order of its preference. A malformed list fails the handshake, whatever it might have
// offered.

/** An extension that a client offers. */
export interface ExtensionOffer {
  readonly name: string;
  /**
   * The parameters in their order, a name as often as it was sent. A parameter without a value has
   * the value `undefined`.
   */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

/** The marks of a token, letters and digits (RFC 9110, section 5.6.2). */
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
/** A value may be quoted, but must be a token once it is unquoted. */
const QUOTED = `"((?:[^"\\\\]|\\\\.)*)"`;
const WHITE_SPACE = "[ \\t]*";

const NAME = new RegExp(`${WHITE_SPACE}(${TOKEN})${WHITE_SPACE}`, "y");
const VALUE = new RegExp(`=${WHITE_SPACE}(?:(${TOKEN})|${QUOTED})${WHITE_SPACE}`, "y");
const WHOLE_TOKEN = new RegExp(`^${TOKEN}$`);

/** Parses the value of the field. Returns undefined if it is malformed. */
export function parseExtensionOffers(text: string): ExtensionOffer[] | undefined {
  const offers: ExtensionOffer[] = [];
  let at = 0;
  const read = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    const name = read(NAME);
    if (name === null) return undefined;
    const parameters: [string, string | undefined][] = [];
    while (text[at] === ";") {
      at++;
      const parameter = read(NAME);
      if (parameter === null) return undefined;
      let value: string | undefined;
      if (text[at] === "=") {
        const found = read(VALUE);
        if (found === null) return undefined;
        value = found[1] ?? found[2].replace(/\\(.)/g, "$1");
        if (!WHOLE_TOKEN.test(value)) return undefined;
      }
      parameters.push([parameter[1], value]);
    }
    offers.push({ name: name[1], parameters });
    if (at === text.length) return offers;
    if (text[at] !== ",") return undefined;
    at++;
  }
}
