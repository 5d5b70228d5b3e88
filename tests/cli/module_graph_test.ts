import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { graphFlags, readGraph } from "../../src/cli/module_graph.ts";

describe("graphFlags()", () => {
  const cases: { args: string; flags: string[] }[] = [
    { args: "run -A cli.ts", flags: [] },
    { args: "run -A --config other/deno.json cli.ts", flags: ["--config=/w/other/deno.json"] },
    { args: "run --config=/o/deno.json cli.ts", flags: ["--config=/o/deno.json"] },
    { args: "run -c deno.jsonc --no-npm cli.ts", flags: ["--config=/w/deno.jsonc", "--no-npm"] },
    {
      args: "run --import-map=https://host/map.json cli.ts",
      flags: ["--import-map=https://host/map.json"],
    },
    {
      args: "--no-config --unstable-sloppy-imports --unstable-net --node-modules-dir=none cli.ts",
      flags: [
        "--no-config",
        "--unstable-sloppy-imports",
        "--unstable-net",
        "--node-modules-dir=none",
      ],
    },
    { args: "run --allow-net=a --inspect --lock deno.lock --no-prompt --config", flags: [] },
    { args: "", flags: [] },
  ];
  for (const { args, flags } of cases) {
    it(`graphFlags() chooses ${flags.join(" ") || "nothing"} from ${args}`, () => {
      assertEquals(graphFlags(args.split(" "), "/w"), flags);
    });
  }
});

describe("readGraph()", () => {
  it("finds the files of a graph, but not what comes from packages", () => {
    const modules = [
      { specifier: "file:///srv/app.ts", local: "/srv/app.ts" },
      { specifier: "file:///srv/data.json", local: "/srv/data.json" },
      { specifier: "https://host/lib.ts", local: "/cache/lib" },
      { specifier: "node:path" },
    ];
    assertEquals(readGraph(JSON.stringify({ modules })), {
      files: ["/srv/app.ts", "/srv/data.json"],
      isWhole: true,
    });
  });

  it("counts a module that cannot be read among them, and says that there may be more", () => {
    const modules = [
      { specifier: "file:///srv/app.ts", local: "/srv/app.ts" },
      { specifier: "file:///srv/a%20b.ts", error: "Expression expected" },
    ];
    assertEquals(readGraph(JSON.stringify({ modules })), {
      files: ["/srv/app.ts", "/srv/a b.ts"],
      isWhole: false,
    });
  });
});
