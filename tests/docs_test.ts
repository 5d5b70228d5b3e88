// The pages for users as they are published: nothing in them leads nowhere, and no page is left out of the index.

import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";

const ROOT = new URL("../", import.meta.url);

const CAN_READ = Deno.permissions.querySync({ name: "read", path: ROOT }).state === "granted";

/** Whether the package has what is at that path. */
function isPublished(path: string): boolean {
  const { publish } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  return publish.include.some((one: string) => path === one || path.startsWith(`${one}/`));
}

/** The pages of the package, by their paths. */
function pages(): string[] {
  const names = [...Deno.readDirSync(new URL("src/docs/", ROOT))].map(({ name }) => name);
  return ["README.md", "CHANGELOG.md", "src/README.md", ...names.map((name) => `src/docs/${name}`)];
}

/**
 * The page for those who work on the server. It is in the repository alone, so the pages for users name it and do not link to it:
 * on JSR the link would lead nowhere.
 */
const CONTRIBUTING = ".github/CONTRIBUTING.md";

/** The text of a page without its code, in which nothing is a link. */
function proseOf(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT)).replace(/^```.*?^```$/gms, "");
}

/** The targets of the links of a page that lead to files. */
function linksOf(path: string): string[] {
  return [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The names that the headings of a page have in links. */
function anchorsOf(path: string): string[] {
  return [...proseOf(path).matchAll(/^#+ +(.+)$/gm)].map(([, heading]) =>
    heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

/** What is wrong with a link of that page; undefined where it leads to a file of the package, and to a heading in it. */
function faultOf(page: string, link: string): string | undefined {
  const { href, hash } = new URL(link, new URL(page, ROOT));
  const path = href.slice(ROOT.href.length, href.length - hash.length);
  const isReachable = page === CONTRIBUTING ? isFileOfRepository(path) : isFileOfPackage(path);
  if (!href.startsWith(ROOT.href) || !isReachable) return `${page}: ${link}`;
  const isFound = hash === "" || anchorsOf(path).includes(hash.slice(1));
  return isFound ? undefined : `${page}: ${link}: there is no such heading`;
}

function isFileOfPackage(path: string): boolean {
  return isFileOfRepository(path) && isPublished(path);
}

function isFileOfRepository(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, ROOT)).isFile;
  } catch {
    return false;
  }
}

/** The paths of the files of the code, from the top of the repository. */
function* sourceFiles(folder = "src/"): Iterable<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) yield* sourceFiles(`${folder}${name}/`);
    else yield folder + name;
  }
}

/** The files in backticks on a page, by their paths from `src/`, of which none of `files` is one. */
function findLostFiles(page: string, files: readonly string[]): string[] {
  return [...page.matchAll(/`([\w./-]+\.[jt]s|[\w/-]+\/)`/g)]
    .map(([, name]) => name)
    .filter((name) => !isRootFile(name) && !files.some((file) => isNamed(file, name)));
}

/** Whether a name is that of a file outside of `src/`. */
function isRootFile(name: string): boolean {
  return name === "mod.ts" || name.startsWith("tests/");
}

/** Whether a name from `src/` is that of a file, or of a folder that it is in. */
function isNamed(file: string, name: string): boolean {
  return name.endsWith("/") ? file.startsWith(`src/${name}`) : file === `src/${name}`;
}

describe("The pages for users", { ignore: !CAN_READ }, () => {
  it("the links of each page lead to files that are published, and to headings in them", () => {
    const faults = pages().flatMap((page) =>
      linksOf(page).map((link) => faultOf(page, link)).filter((fault) => fault !== undefined)
    );
    assertEquals(faults, []);
  });

  it("src/docs/README.md links to every page of src/docs, which are all published", () => {
    const others = pages().filter((page) =>
      page.startsWith("src/docs/") && page !== "src/docs/README.md"
    );
    const linked = linksOf("src/docs/README.md").map((link) => `src/docs/${link}`);
    assertEquals(others.filter((page) => !linked.includes(page)), []);
    assertEquals(others.filter((page) => !isFileOfPackage(page)), []);
  });

  it("the links of .github/CONTRIBUTING.md lead to files of the repository, and to headings in them", () => {
    const links = linksOf(CONTRIBUTING);
    assertGreater(links.length, 0);
    const faults = links.map((link) => faultOf(CONTRIBUTING, link));
    assertEquals(faults.filter((fault) => fault !== undefined), []);
    assertEquals(faultOf(CONTRIBUTING, "../tests/none.md"), `${CONTRIBUTING}: ../tests/none.md`);
  });

  it("README.md names .github/CONTRIBUTING.md, which is there and not published, without a link", () => {
    assertStringIncludes(proseOf("README.md"), `\`${CONTRIBUTING}\``);
    assertEquals([isFileOfRepository(CONTRIBUTING), isPublished(CONTRIBUTING)], [true, false]);
    assertEquals(faultOf("README.md", CONTRIBUTING), `README.md: ${CONTRIBUTING}`);
  });

  it("src/README.md names no file of the code that is not there", () => {
    const files = [...sourceFiles()];
    assertGreater(files.length, 0);
    const page = Deno.readTextFileSync(new URL("src/README.md", ROOT));
    assertEquals(findLostFiles(page, files), []);
  });

  it("README.md links to the index of src/docs", () => {
    assertEquals(linksOf("README.md").includes("src/docs/README.md"), true);
  });
});

describe("findLostFiles()", () => {
  const files = ["src/a.ts", "src/in/b.ts", "src/in/page/c.js"];
  const cases: [page: string, lost: string[]][] = [
    ["`a.ts`, `in/b.ts`, `in/`, `in/page/` and `in/page/c.js`", []],
    ["`b.ts` without its folder", ["b.ts"]],
    ["`in/a.ts` and `out/`", ["in/a.ts", "out/"]],
    ["`mod.ts` and `tests/a_test.ts`, which are elsewhere", []],
    ["in/a.ts without backticks, `run()`, `Fleet.after(input, now)` and `Deno`", []],
  ];
  for (const [page, lost] of cases) {
    it(`finds ${lost.length === 0 ? "nothing" : lost.join(" and ")} in: ${page}`, () => {
      assertEquals(findLostFiles(page, files), lost);
    });
  }
});
