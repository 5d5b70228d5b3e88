// examples/demo.ts as a process: every page that its index names, and the panic that costs nobody else anything.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HINDRANCE, RunningExample } from "../support/servers/example.ts";

describe(`examples/demo.ts${HINDRANCE}`, { ignore: HINDRANCE !== "" }, () => {
  it("its index links pages that are all there", async () => {
    await using demo = await RunningExample.start("demo.ts");
    const index = await demo.text("/");
    const links = [...index.matchAll(/<a href="([^"]+)"/g)].map(([, link]) => link);
    assertEquals(links.length, 6);
    for (const link of links) {
      const response = await demo.ask(link);
      await response.body?.cancel();
      assertEquals([link, response.status], [link, link === "/panic" ? 500 : 200]);
    }
  });

  it("shows the request's own head and the peer's address, as text and not as markup", async () => {
    await using demo = await RunningExample.start("demo.ts");
    const page = await demo.text("/request?a=b", { headers: { "x-words": "<b>&" } });
    assertStringIncludes(page, "It came from 127.0.0.1, port ");
    assertStringIncludes(page, "GET /request?a=b\n");
    assertStringIncludes(page, "x-words: &#60;b&#62;&#38;");
  });

  it("answers its form", async () => {
    await using demo = await RunningExample.start("demo.ts");
    assertStringIncludes(await demo.text("/form"), '<form method="post" action="/form">');
    const body = new URLSearchParams({ name: "Ada <3", words: "héllo" });
    const page = await demo.text("/form", { method: "POST", body });
    assertStringIncludes(page, "Thank you, Ada &#60;3");
    assertStringIncludes(page, "You wrote 5 characters:</p><pre>héllo</pre>");
    const nameless = await demo.ask("/form", { method: "POST", body: new URLSearchParams() });
    assertEquals([nameless.status, await nameless.text()], [422, "The form has no name in it"]);
    const json = await demo.ask("/form", { method: "POST", body: "{}" });
    await json.body?.cancel();
    assertEquals(json.status, 415);
  });

  it("its counter is a method table", async () => {
    await using demo = await RunningExample.start("demo.ts");
    assertMatch(await demo.text("/counter"), /^\{"worker":"mudpie:\d+","counter":0\}$/);
    assertMatch(
      await demo.text("/counter", { method: "PUT", body: "7" }),
      /^\{"worker":"mudpie:\d+","counter":7\}$/,
    );
    const patched = await demo.ask("/counter", { method: "PATCH", body: "7" });
    await patched.body?.cancel();
    assertEquals([patched.status, patched.headers.get("allow")], [
      405,
      "GET, HEAD, PUT, DELETE, OPTIONS",
    ]);
    assertEquals((await demo.ask("/counter", { method: "DELETE" })).status, 204);
  });

  it("its panic is a 500 for its client, who is served the next time, and its worker is replaced", async () => {
    await using demo = await RunningExample.start("demo.ts");
    const panic = await demo.ask("/panic");
    assertEquals([panic.status, await panic.text()], [500, "Internal Server Error"]);
    assertStringIncludes(await demo.text("/hello"), "Hello World!");
    const { stderr } = demo.program;
    const [, worker] = await stderr.find(/worker (\d+): panic in GET \/panic: Error: This handler/);
    await stderr.find(new RegExp(`worker ${worker}: to be replaced \\(panic\\)`));
    await stderr.find(/worker 5: accepting after/);
    await stderr.find(new RegExp(`worker ${worker}: ended \\(panic\\)`));
    assertStringIncludes(await demo.text("/hello"), "Hello World!");
  });

  it("its answer for benchmarks is a small text", async () => {
    await using demo = await RunningExample.start("demo.ts");
    assertEquals(await demo.text("/bench"), "Hello World!");
  });
});
