// Files in real folders, whatever happens to the folders: builds, editors and deployments do all of this.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { WatchTargets } from "../../src/cli/file_survey.ts";
import { FileWatch } from "../../src/cli/file_watch.ts";
import { eventually } from "../support/deadline.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

/** How often each change is made: a watch that is blind after one of them misses the next. */
const TIMES = 20;

/** A folder with files, and a watch on some of them. */
class WatchedFolder implements Disposable {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync());
  readonly changed = new Set<string>();
  #watch: FileWatch | undefined;

  /** Writes files, by their paths from the folder. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = `${this.path}/${name}`;
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(path, text);
    }
  }

  targets(files: readonly string[], trees: readonly string[] = []): WatchTargets {
    return {
      files: files.map((name) => `${this.path}/${name}`),
      trees: trees.map((name) => ({
        folder: `${this.path}/${name}`,
        includes: (path) => path.endsWith(".html"),
      })),
    };
  }

  watch(files: readonly string[], trees: readonly string[] = []): void {
    this.#watch = new FileWatch(this.targets(files, trees), {
      onChange: (paths) => paths.forEach((path) => this.changed.add(path)),
      onFailure: (error) => {
        throw error;
      },
    });
  }

  rewatch(files: readonly string[]): void {
    this.#watch?.watch(this.targets(files));
  }

  /** Waits until each of these files has been reported since the last time. */
  async heardOf(...names: string[]): Promise<void> {
    const paths = names.map((name) => `${this.path}/${name}`);
    await eventually(
      () => paths.every((path) => this.changed.has(path)),
      `changes of ${names}, not only of ${[...this.changed]}`,
    );
    this.changed.clear();
  }

  remove(name: string): void {
    Deno.removeSync(`${this.path}/${name}`, { recursive: true });
  }

  rename(from: string, to: string): void {
    Deno.renameSync(`${this.path}/${from}`, `${this.path}/${to}`);
  }

  link(target: string, name: string): void {
    Deno.symlinkSync(target, `${this.path}/${name}`);
  }

  [Symbol.dispose](): void {
    this.#watch?.close();
    Deno.removeSync(this.path, { recursive: true });
  }
}

interface Change {
  readonly what: string;
  readonly prepare?: (folder: WatchedFolder) => void;
  readonly change: (folder: WatchedFolder, time: number) => void | Promise<void>;
}

const FILES = ["dist/app.js", "dist/lib/deep/part.js"];

const changes: readonly Change[] = [
  {
    what: "files that are written in place",
    change: (folder, time) => folder.write({ [FILES[0]]: `${time}`, [FILES[1]]: `${time}` }),
  },
  {
    what: "files in whose place others are put, as editors do",
    change: (folder, time) => {
      for (const file of FILES) {
        folder.write({ [`${file}.new`]: `${time}` });
        folder.rename(`${file}.new`, file);
      }
    },
  },
  {
    what: "a folder that is wiped and written anew",
    change: (folder, time) => {
      folder.remove("dist");
      folder.write({ [FILES[0]]: `${time}`, [FILES[1]]: `${time}` });
    },
  },
  {
    what: "a folder that is wiped and later written anew",
    change: async (folder, time) => {
      folder.remove("dist");
      await folder.heardOf(...FILES);
      folder.write({ [FILES[0]]: `${time}` });
      await folder.heardOf(FILES[0]);
      folder.write({ [FILES[1]]: `${time}` });
      await folder.heardOf(FILES[1]);
      folder.write({ [FILES[0]]: `${time} again`, [FILES[1]]: `${time} again` });
    },
  },
  {
    what: "a folder that is renamed, and another put in its place",
    change: (folder, time) => {
      folder.write({ "next/app.js": `${time}`, "next/lib/deep/part.js": `${time}` });
      folder.rename("dist", `old${time}`);
      folder.rename("next", "dist");
    },
  },
  {
    what: "a folder that is moved away and comes back",
    change: async (folder) => {
      folder.rename("dist", "away");
      await folder.heardOf(...FILES);
      folder.rename("away", "dist");
    },
  },
  {
    what: "a link that is switched to another folder",
    prepare: (folder) => {
      folder.rename("dist", "release");
      folder.link("release", "dist");
    },
    change: (folder, time) => {
      folder.write({ [`r${time}/app.js`]: `${time}`, [`r${time}/lib/deep/part.js`]: `${time}` });
      folder.link(`r${time}`, "dist.new");
      folder.rename("dist.new", "dist");
    },
  },
  {
    what: "a link that is removed and made again",
    prepare: (folder) => {
      folder.rename("dist", "release");
      folder.link("release", "dist");
    },
    change: (folder, time) => {
      folder.remove("dist");
      folder.write({ [`r${time}/app.js`]: `${time}`, [`r${time}/lib/deep/part.js`]: `${time}` });
      folder.link(`r${time}`, "dist");
    },
  },
];

describe("FileWatch", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const { what, prepare, change } of changes) {
    it(`FileWatch reports ${what}, ${TIMES} times in a row`, async () => {
      using folder = new WatchedFolder();
      folder.write({ [FILES[0]]: "first", [FILES[1]]: "first" });
      prepare?.(folder);
      folder.watch(FILES);
      for (let time = 0; time < TIMES; time++) {
        await change(folder, time);
        await folder.heardOf(...FILES);
      }
    });
  }

  it("FileWatch reports what changes in a tree: files that come, change and go, in new folders too", async () => {
    using folder = new WatchedFolder();
    folder.write({
      "views/a.html": "a",
      "views/.hidden.html": "",
      "views/node_modules/x.html": "",
    });
    folder.watch([], ["views"]);
    for (let time = 0; time < TIMES; time++) {
      folder.write({ "views/a.html": `${time}` });
      await folder.heardOf("views/a.html");
      folder.write({ [`views/${time}/new/b.html`]: "b" });
      await folder.heardOf(`views/${time}/new/b.html`);
      folder.write({ [`views/${time}/new/b.html`]: "changed" });
      await folder.heardOf(`views/${time}/new/b.html`);
      folder.remove(`views/${time}`);
      await folder.heardOf(`views/${time}/new/b.html`);
      folder.remove("views");
      await folder.heardOf("views/a.html");
      folder.write({ "views/a.html": "again" });
      await folder.heardOf("views/a.html");
    }
  });

  it("FileWatch reports nothing of other files, hidden ones, and those of packages", async () => {
    using folder = new WatchedFolder();
    folder.write({ "app/a.ts": "a", "views/a.html": "a" });
    folder.watch(["app/a.ts"], ["views"]);
    folder.write({
      "app/b.ts": "b",
      "b.ts": "b",
      "views/a.txt": "a",
      "views/.a.html": "a",
      "views/node_modules/b/b.html": "b",
      ".git/a.html": "",
    });
    folder.remove("app/b.ts");
    folder.write({ "app/a.ts": "changed" });
    await eventually(() => folder.changed.has(`${folder.path}/app/a.ts`), "a change of app/a.ts");
    assertEquals([...folder.changed], [`${folder.path}/app/a.ts`]);
  });

  it("FileWatch reports a file that comes with the folders above it", async () => {
    using folder = new WatchedFolder();
    folder.watch(["late/er/app.js"]);
    folder.write({ "late/er/app.js": "here" });
    await folder.heardOf("late/er/app.js");
  });

  it("FileWatch follows a link to a folder above itself only once", async () => {
    using folder = new WatchedFolder();
    folder.write({ "views/a.html": "a" });
    folder.link("../views", "views/ring");
    folder.link("self", "self");
    folder.watch(["self/a.ts"], ["views"]);
    folder.write({ "views/a.html": "changed" });
    await folder.heardOf("views/a.html");
  });

  it("FileWatch does not report a change once more when it watches other files", async () => {
    using folder = new WatchedFolder();
    folder.write({ "a.ts": "a", "b.ts": "b", "a.new": "changed" });
    folder.watch(["a.ts"]);
    folder.rename("a.new", "a.ts");
    await folder.heardOf("a.ts");
    folder.rewatch(["a.ts", "b.ts"]);
    assertEquals([...folder.changed], []);
  });

  it("FileWatch watches other files when it is told to, and reports what changed before", async () => {
    using folder = new WatchedFolder();
    folder.write({ "a.ts": "a", "b/b.ts": "b" });
    folder.watch(["a.ts"]);
    folder.write({ "a.ts": "changed", "b/b.ts": "changed" });
    folder.rewatch(["b/b.ts"]);
    await folder.heardOf("a.ts");
    folder.write({ "b/b.ts": "changed again" });
    await folder.heardOf("b/b.ts");
  });
});
