import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type PathOptions, resolvePathOptions } from "../../src/options/path_options.ts";
import { WebResponse, WebServer } from "../../mod.ts";

describe("resolvePathOptions()", () => {
  it("fills in that bodies are not streamed", () => {
    assertEquals(resolvePathOptions({}), { streamBody: false });
    assertEquals(resolvePathOptions({ streamBody: true }), { streamBody: true });
  });

  it("refuses an unknown option, and a value that does not fit", () => {
    for (const options of [{ streamBodies: true }, { streamBody: 1 }, null]) {
      const server = new WebServer();
      const add = () =>
        server.addPath("/", () => WebResponse.text(""), options as unknown as PathOptions);
      assertThrows(add, TypeError, "addPath()");
    }
  });
});
