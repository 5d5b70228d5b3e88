import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { agreeOnDeflate } from "../../src/websocket/deflate_offer.ts";
import { parseExtensionOffers } from "../../src/websocket/extension_offers.ts";

const ACCEPTED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

function agree(field: string): ReturnType<typeof agreeOnDeflate> {
  return agreeOnDeflate(parseExtensionOffers(field)!);
}

describe("agreeOnDeflate() (RFC 7692, section 7.1)", () => {
  const accepted: { offer: string; windowBits?: number }[] = [
    { offer: "permessage-deflate" },
    { offer: "permessage-deflate; client_max_window_bits" },
    { offer: "permessage-deflate; client_max_window_bits=8" },
    { offer: "permessage-deflate; client_max_window_bits=15" },
    { offer: 'permessage-deflate; client_max_window_bits="10"' },
    { offer: "permessage-deflate; server_no_context_takeover" },
    { offer: "permessage-deflate; client_no_context_takeover; server_no_context_takeover" },
    { offer: "permessage-deflate; server_max_window_bits=15" },
    ...[8, 9, 10, 11, 12, 13, 14].map((windowBits) => ({
      offer: `permessage-deflate; server_max_window_bits=${windowBits}`,
      windowBits,
    })),
    { offer: "x-other, permessage-deflate" },
    { offer: "permessage-deflate; unknown, permessage-deflate" },
    {
      offer: "permessage-deflate; server_max_window_bits=10, permessage-deflate",
      windowBits: 10,
    },
    { offer: "permessage-deflate; server_max_window_bits=16, permessage-deflate" },
  ];
  for (const { offer, windowBits = 15 } of accepted) {
    it(`agreeOnDeflate() accepts ${offer}`, () => {
      const limit = windowBits < 15 ? `; server_max_window_bits=${windowBits}` : "";
      assertEquals(agree(offer), { response: ACCEPTED + limit, windowBits });
    });
  }

  const declined = [
    "x-webkit-deflate-frame",
    "permessage-bzip2",
    "Permessage-Deflate",
    "permessage-deflate; unknown",
    "permessage-deflate; Server_no_context_takeover",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; client_no_context_takeover=true",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
    "permessage-deflate; server_max_window_bits",
    ...["7", "16", "08", "015", "0", "1e1", "-9", "+9", "x", "10.0"].flatMap((bits) => [
      `permessage-deflate; server_max_window_bits=${bits}`,
      `permessage-deflate; client_max_window_bits=${bits}`,
    ]),
  ];
  for (const offer of declined) {
    it(`agreeOnDeflate() declines ${offer}`, () => {
      assertEquals(agree(offer), undefined);
    });
  }

  it("agreeOnDeflate() declines where nothing is offered", () => {
    assertEquals(agreeOnDeflate([]), undefined);
  });
});
