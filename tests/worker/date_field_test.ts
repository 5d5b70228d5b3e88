// The text of the Date field, at times that are numbers.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DateField } from "../../src/worker/date_field.ts";

describe("DateField", () => {
  it("makes the text as IMF-fixdate (RFC 9110, section 5.6.7)", () => {
    const date = new DateField();
    assertEquals(date.renew(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    assertEquals(date.renew(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  });

  it("makes it anew when the second has changed, and only then", () => {
    const date = new DateField();
    const times = [1_000, 1_001, 1_999, 2_000, 2_999.9, 60_000];
    assertEquals(times.map((now) => date.renew(now)?.slice(-6)), [
      "01 GMT",
      undefined,
      undefined,
      "02 GMT",
      undefined,
      "00 GMT",
    ]);
  });

  it("follows a clock that is set back", () => {
    const date = new DateField();
    date.renew(60_000);
    assertEquals(date.renew(1_000), "Thu, 01 Jan 1970 00:00:01 GMT");
  });
});
