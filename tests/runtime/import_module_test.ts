// Loading a module by its address.

import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { importModule } from "../../src/runtime/import_module.ts";
import { canReadTests } from "../support/permissions.ts";

describe("importModule()", () => {
  it("returns the module at a file's address", { ignore: !canReadTests }, async () => {
    const module = await importModule(new URL("../support/deadline.ts", import.meta.url).href);
    assertEquals(Object.keys(module ?? {}).includes("within"), true);
  });

  it("rejects if the file does not exist", { ignore: !canReadTests }, async () => {
    await assertRejects(() => importModule(new URL("./no_such_file.ts", import.meta.url).href));
  });

  for (const address of ["data:text/javascript,1", "blob:null/1", "main.ts", "ftp://a/b.ts"]) {
    it(`returns undefined for ${address}`, async () => {
      assertEquals(await importModule(address), undefined);
    });
  }
});
