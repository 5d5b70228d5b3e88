import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { parseExtensionOffers } from "../../src/websocket/extension_offers.ts";

describe("parseExtensionOffers() (RFC 6455, section 9.1)", () => {
  const cases: { text: string; offers: [string, ...[string, string | undefined][]][] }[] = [
    { text: "a", offers: [["a"]] },
    { text: "permessage-deflate", offers: [["permessage-deflate"]] },
    {
      text: "permessage-deflate; client_max_window_bits",
      offers: [["permessage-deflate", ["client_max_window_bits", undefined]]],
    },
    { text: "a;b=1;c", offers: [["a", ["b", "1"], ["c", undefined]]] },
    { text: " a ; b = 1 ,\tc ", offers: [["a", ["b", "1"]], ["c"]] },
    { text: 'a;b="1"', offers: [["a", ["b", "1"]]] },
    { text: 'a;b="x\\y"', offers: [["a", ["b", "xy"]]] },
    { text: "a;b=1;b=2", offers: [["a", ["b", "1"], ["b", "2"]]] },
    { text: "a, a;b", offers: [["a"], ["a", ["b", undefined]]] },
    { text: "x-webkit-deflate-frame", offers: [["x-webkit-deflate-frame"]] },
  ];
  for (const { text, offers } of cases) {
    it(`parseExtensionOffers() reads ${JSON.stringify(text)}`, () => {
      const expected = offers.map(([name, ...parameters]) => ({ name, parameters }));
      assertEquals(parseExtensionOffers(text), expected);
    });
  }

  const malformed = [
    ...["", " ", ",", "a,", ",a", "a,,b", ";", ";a", "a;", "a;;b", "a;=1", "a;b=", "a=1", "a b"],
    ...["a;b c", "a;b=1 2", 'a;b="', 'a;b="1', 'a;b=""', 'a;b="x y"', 'a;b="x,y"', 'a;b="1"2'],
    ...["a/b", "a;b=1;", "\xe4", "a;b=\xe4", 'a;b="\\', "(a)", "a;b='\"'"],
  ];
  for (const text of malformed) {
    it(`parseExtensionOffers() refuses ${JSON.stringify(text)}`, () => {
      assertEquals(parseExtensionOffers(text), undefined);
    });
  }

  it("parseExtensionOffers() reads 16 KiB of the worst in no time that grows faster than they do", () => {
    for (const unit of ["a;", '"', 'a;b="\\', " ", "a,", "a;b= "]) {
      assertEquals(parseExtensionOffers(unit.repeat(16_384 / unit.length)), undefined, unit);
    }
  });
});
