import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { folderScope, graphScope, readGraph } from "../../src/command_line/module_watch.ts";
import { canReadTests } from "../support/routing_permissions.ts";

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

describe("graphScope()", () => {
  const here = new URL(".", import.meta.url).pathname.slice(0, -1);
  const file = `${here}/module_watch_test.ts`;

  it("watches the folders of the modules, and counts nothing else in them", {
    ignore: !canReadTests,
  }, () => {
    const { folders, isRecursive, includes } = graphScope([file, `${here}/new.ts`]);
    assertEquals({ folders, isRecursive }, { folders: [here], isRecursive: false });
    assertEquals([file, `${here}/new.ts`, `${here}/other.ts`].map(includes), [true, true, false]);
  });

  it("waits for the folder of a module where neither is there", { ignore: !canReadTests }, () => {
    const { folders, includes } = graphScope([`${here}/new/a/b.ts`]);
    assertEquals(folders, [here]);
    const paths = [`${here}/new`, `${here}/new/a`, `${here}/new/a/b.ts`, `${here}/new/b.ts`];
    assertEquals(paths.map(includes), [true, true, true, false]);
  });

  it("goes on with what was watched before", () => {
    const { modules } = graphScope([`${here}/new.ts`], graphScope([file]).modules);
    assertEquals(modules.toSorted(), [file, `${here}/new.ts`]);
  });
});

describe("folderScope()", () => {
  const { folders, isRecursive, includes } = folderScope("file:///no/such/folder/app.ts");

  it("watches the application's folder, and all that is in it", () => {
    assertEquals({ folders, isRecursive }, { folders: ["/no/such/folder"], isRecursive: true });
  });

  const cases = [
    { path: "app.ts", isIncluded: true },
    { path: "views/page.tsx", isIncluded: true },
    { path: "settings.json", isIncluded: true },
    { path: "app.log", isIncluded: false },
    { path: "data.sqlite", isIncluded: false },
    { path: "node_modules/a/index.js", isIncluded: false },
    { path: ".git/hooks.js", isIncluded: false },
    { path: "views/.page.ts", isIncluded: false },
  ];
  for (const { path, isIncluded } of cases) {
    it(`${isIncluded ? "counts" : "does not count"} ${path}`, () => {
      assertEquals(includes(`/no/such/folder/${path}`), isIncluded);
    });
  }
});
