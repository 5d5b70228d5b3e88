// What files are at one moment, and what a file depends on. file_watch_test.ts has changes as they happen.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { changesBetween, FileSurvey, type WatchTree } from "../../src/cli/file_survey.ts";

const canWrite = Deno.permissions.querySync({ name: "write" }).state === "granted" &&
  Deno.permissions.querySync({ name: "read" }).state === "granted";

/** A folder that is removed at the end, by its real path. */
class Folder implements Disposable {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync());

  at(name: string): string {
    return `${this.path}/${name}`;
  }

  write(name: string, text: string): void {
    const path = this.at(name);
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }

  tree(name: string): WatchTree {
    return { folder: this.at(name), includes: (path) => path.endsWith(".html") };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

describe("FileSurvey", { ignore: !canWrite }, () => {
  it("has an empty stamp for a file that does not exist, and watches the folder that it may come to", () => {
    using folder = new Folder();
    const survey = new FileSurvey({ files: [folder.at("app.ts")], trees: [] });
    assertEquals([...survey.stamps], [[folder.at("app.ts"), ""]]);
    assertEquals(survey.folders.has(folder.path), true);
    assertEquals(survey.concerns(folder.at("app.ts")), true);
    assertEquals(survey.concerns(folder.at("other.ts")), false);
  });

  it("follows a link to the file, and depends on every name on the way", () => {
    using folder = new Folder();
    folder.write("releases/1/app.ts", "1");
    Deno.symlinkSync("releases/1", folder.at("current"));
    const file = folder.at("current/app.ts");
    const survey = new FileSurvey({ files: [file], trees: [] });
    assertEquals([...survey.byRealPath], [[folder.at("releases/1/app.ts"), file]]);
    for (const name of ["current", "releases", "releases/1", "releases/1/app.ts"]) {
      assertEquals(survey.concerns(folder.at(name)), true, name);
    }
    assertEquals(survey.concerns(folder.at("releases/2")), false);
  });

  it("ends where a link leads to itself", () => {
    using folder = new Folder();
    Deno.symlinkSync("loop", folder.at("loop"));
    const survey = new FileSurvey({ files: [folder.at("loop/app.ts")], trees: [] });
    assertEquals([...survey.stamps], [[folder.at("loop/app.ts"), ""]]);
  });

  it("has the files of a tree that are included, but for hidden ones and node_modules", () => {
    using folder = new Folder();
    for (const name of ["a.html", "in/b.html", "in/c.txt", ".d.html", "node_modules/e.html"]) {
      folder.write(`pages/${name}`, name);
    }
    Deno.symlinkSync("..", folder.at("pages/in/above"));
    const survey = new FileSurvey({ files: [], trees: [folder.tree("pages")] });
    assertEquals([...survey.stamps.keys()].toSorted(), [
      folder.at("pages/a.html"),
      folder.at("pages/in/b.html"),
    ]);
    assertEquals(survey.concerns(folder.at("pages/in/new.html")), true);
    assertEquals(survey.concerns(folder.at("pages/in/.new.html")), false);
  });
});

describe("changesBetween()", { ignore: !canWrite }, () => {
  it("names the files that have changed, gone and come", () => {
    using folder = new Folder();
    for (const name of ["same", "changed", "gone"]) folder.write(`pages/${name}.html`, "1");
    const targets = { files: [folder.at("app.ts")], trees: [folder.tree("pages")] };
    const before = new FileSurvey(targets);
    assertEquals(changesBetween(before, new FileSurvey(targets)), []);
    folder.write("pages/changed.html", "22");
    folder.write("pages/come.html", "1");
    folder.write("app.ts", "1");
    Deno.removeSync(folder.at("pages/gone.html"));
    assertEquals(
      changesBetween(before, new FileSurvey(targets)).toSorted(),
      ["app.ts", "pages/changed.html", "pages/come.html", "pages/gone.html"].map((name) =>
        folder.at(name)
      ),
    );
  });

  it("names a file after renew() has looked at it again", () => {
    using folder = new Folder();
    folder.write("app.ts", "1");
    const targets = { files: [folder.at("app.ts")], trees: [] };
    const before = new FileSurvey(targets);
    const after = new FileSurvey(targets);
    folder.write("app.ts", "22");
    after.renew(folder.at("app.ts"));
    assertEquals(changesBetween(before, after), [folder.at("app.ts")]);
  });
});
