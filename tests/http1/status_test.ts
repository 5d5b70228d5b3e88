import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { REFUSALS } from "../../src/http1/refusal.ts";
import { reasonPhrase, statusHasBody } from "../../src/http1/status.ts";

describe("reasonPhrase()", () => {
  // The IANA registry of status codes: the final responses, and the one that ends HTTP.
  const phrases: [status: number, phrase: string][] = [
    [101, "Switching Protocols"],
    [200, "OK"],
    [201, "Created"],
    [202, "Accepted"],
    [203, "Non-Authoritative Information"],
    [204, "No Content"],
    [205, "Reset Content"],
    [206, "Partial Content"],
    [207, "Multi-Status"],
    [208, "Already Reported"],
    [226, "IM Used"],
    [300, "Multiple Choices"],
    [301, "Moved Permanently"],
    [302, "Found"],
    [303, "See Other"],
    [304, "Not Modified"],
    [305, "Use Proxy"],
    [307, "Temporary Redirect"],
    [308, "Permanent Redirect"],
    [400, "Bad Request"],
    [401, "Unauthorized"],
    [402, "Payment Required"],
    [403, "Forbidden"],
    [404, "Not Found"],
    [405, "Method Not Allowed"],
    [406, "Not Acceptable"],
    [407, "Proxy Authentication Required"],
    [408, "Request Timeout"],
    [409, "Conflict"],
    [410, "Gone"],
    [411, "Length Required"],
    [412, "Precondition Failed"],
    [413, "Content Too Large"],
    [414, "URI Too Long"],
    [415, "Unsupported Media Type"],
    [416, "Range Not Satisfiable"],
    [417, "Expectation Failed"],
    [421, "Misdirected Request"],
    [422, "Unprocessable Content"],
    [423, "Locked"],
    [424, "Failed Dependency"],
    [425, "Too Early"],
    [426, "Upgrade Required"],
    [428, "Precondition Required"],
    [429, "Too Many Requests"],
    [431, "Request Header Fields Too Large"],
    [451, "Unavailable For Legal Reasons"],
    [500, "Internal Server Error"],
    [501, "Not Implemented"],
    [502, "Bad Gateway"],
    [503, "Service Unavailable"],
    [504, "Gateway Timeout"],
    [505, "HTTP Version Not Supported"],
    [506, "Variant Also Negotiates"],
    [507, "Insufficient Storage"],
    [508, "Loop Detected"],
    [511, "Network Authentication Required"],
    [299, ""],
    [306, ""],
    [599, ""],
  ];
  for (const [status, phrase] of phrases) {
    it(`reasonPhrase() is ${JSON.stringify(phrase)} for ${status}`, () => {
      assertEquals(reasonPhrase(status), phrase);
    });
  }

  it("reasonPhrase() has nothing but visible characters and spaces", () => {
    for (let status = 200; status < 600; status++) {
      assertMatch(reasonPhrase(status), /^(?:[!-~]+(?: [!-~]+)*)?$/);
    }
  });
});

describe("statusHasBody()", () => {
  it("statusHasBody() is false for 204, 205 and 304 alone", () => {
    const statuses = Array.from({ length: 400 }, (_, index) => index + 200);
    assertEquals(statuses.filter((status) => !statusHasBody(status)), [204, 205, 304]);
  });
});

describe("REFUSALS", () => {
  it("REFUSALS have the statuses of the contract, each with a phrase", () => {
    const statuses = new Set(Object.values(REFUSALS).map((refusal) => refusal.status));
    assertEquals([...statuses].sort(), [400, 408, 413, 414, 417, 431, 501, 505]);
    for (const status of statuses) assertMatch(reasonPhrase(status), /./);
  });

  it("REFUSALS say what is wrong in one sentence of ASCII, without a full stop", () => {
    for (const { reason } of Object.values(REFUSALS)) assertMatch(reason, /^[A-Z][ -~]*[^. ]$/);
  });

  it("REFUSALS cannot be changed", () => {
    for (const refusal of Object.values(REFUSALS)) assertEquals(Object.isFrozen(refusal), true);
  });
});
