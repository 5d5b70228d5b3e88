import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  isWrittenInFull,
  judgeStartFolder,
  moveModule,
  type StartFolder,
} from "../../src/supervisor/start_folder.ts";

/** The links of a machine, and where they lead. */
const LINKS: Readonly<Record<string, string>> = {
  "/srv/current": "/srv/releases/1",
  "/home/me/proj": "/data/proj",
  "/w": "/srv/releases/1/app",
};

/** The real path on that machine, where everything else is a plain folder. */
function realPathOf(path: string): string {
  for (const [link, target] of Object.entries(LINKS)) {
    if (path === link || path.startsWith(`${link}/`)) return target + path.slice(link.length);
  }
  return path;
}

describe("judgeStartFolder()", () => {
  const unknown = (real: string): StartFolder => ({ kind: "unknown", real });
  const release = { linked: "/srv/current", real: "/srv/releases/1" };
  const cases: {
    what: string;
    real: string;
    pwd?: string;
    initCwd?: string;
    expected: StartFolder;
  }[] = [
    {
      what: "finds the link that the shell has kept",
      real: "/srv/releases/1",
      pwd: "/srv/current",
      expected: { kind: "linked", ...release },
    },
    {
      what: "finds a link above the folder",
      real: "/srv/releases/1/app/src",
      pwd: "/srv/current/app/src",
      expected: { kind: "linked", ...release },
    },
    {
      what: "finds a link that has the name of what it leads to",
      real: "/data/proj/app",
      pwd: "/home/me/proj/app",
      expected: { kind: "linked", linked: "/home/me/proj", real: "/data/proj" },
    },
    {
      what: "finds a link at the root",
      real: "/srv/releases/1/app",
      pwd: "/w",
      expected: { kind: "linked", linked: "/w", real: "/srv/releases/1/app" },
    },
    {
      what: "knows a folder without a link",
      real: "/srv/app",
      pwd: "/srv/app",
      expected: { kind: "direct" },
    },
    { what: "knows that no link leads to the root", real: "/", expected: { kind: "direct" } },
    {
      what: "does not know the way without PWD",
      real: "/srv/releases/1",
      expected: unknown("/srv/releases/1"),
    },
    {
      what: "does not believe a PWD that leads elsewhere",
      real: "/srv/releases/1",
      pwd: "/home/me",
      expected: unknown("/srv/releases/1"),
    },
    {
      what: "does not believe a PWD that no shell has written",
      real: "/srv/releases/1",
      pwd: "/srv/current/../current",
      expected: unknown("/srv/releases/1"),
    },
    {
      what: "does not know the way of a task runner, which sets PWD anew",
      real: "/srv/releases/1",
      pwd: "/srv/releases/1",
      initCwd: "/srv/releases/1",
      expected: unknown("/srv/releases/1"),
    },
  ];
  for (const { what, real, pwd, initCwd, expected } of cases) {
    it(`judgeStartFolder() ${what}`, () => {
      const found = judgeStartFolder(
        real,
        { pwd, initCwd },
        (path) => path.includes("..") ? "/srv/releases/1" : realPathOf(path),
      );
      assertEquals(found, expected);
    });
  }
});

describe("moveModule()", () => {
  const cases = [
    { url: "file:///a/b/main.ts", moved: "file:///c/b/main.ts" },
    { url: "file:///a/main.ts?x=1#y", moved: "file:///c/main.ts?x=1#y" },
    { url: "file:///a/100%25/a%20b%23%3F.ts", moved: "file:///c/100%25/a%20b%23%3F.ts" },
    { url: "file:///a/b%5Cc/main.ts", moved: "file:///c/b%5Cc/main.ts" },
    { url: "file:///ab/main.ts", moved: undefined },
    { url: "file:///b/main.ts", moved: undefined },
    { url: "https://host/a/main.ts", moved: undefined },
    { url: "data:text/javascript,1", moved: undefined },
  ];
  for (const { url, moved } of cases) {
    it(`moveModule() ${moved === undefined ? "leaves" : "moves"} ${url}`, () => {
      assertEquals(moveModule(url, "/a", "/c"), moved);
    });
  }
});

describe("isWrittenInFull()", () => {
  const cases = {
    "/srv/current/main.ts": true,
    "file:///srv/current/main.ts": true,
    "jsr:@mudpie/server/cli": true,
    "main.ts": false,
    "./main.ts": false,
    "../app/main.ts": false,
    "a:b/main.ts": true,
  };
  for (const [module, expected] of Object.entries(cases)) {
    it(`isWrittenInFull() is ${expected} for ${module}`, () => {
      assertEquals(isWrittenInFull(module), expected);
    });
  }
});
