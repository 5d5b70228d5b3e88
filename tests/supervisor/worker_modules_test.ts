// Which modules new workers load, as reloads succeed and fail. start_folder_test.ts has how links are followed.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { LinkedModules, WorkerModules } from "../../src/supervisor/start_folder.ts";
import { FleetModules } from "../../src/supervisor/worker_modules.ts";

/** A link that leads to the folder that the test names. */
class FakeLink {
  folder = "/srv/1";
  unknown: string | undefined;

  first(entry: string, app: string | undefined): WorkerModules {
    return { entry, app, folder: this.folder };
  }

  follow(first: WorkerModules): WorkerModules {
    return { ...first, folder: this.folder };
  }

  describeReload(last: WorkerModules, next: WorkerModules): string | undefined {
    return last.folder === next.folder ? undefined : `${last.folder} to ${next.folder}`;
  }

  unknownFolder(url: string): string | undefined {
    return this.unknown === undefined ? undefined : `${this.unknown} of ${url}`;
  }
}

function fleetModules(app?: string): { link: FakeLink; modules: FleetModules } {
  const link = new FakeLink();
  const modules = new FleetModules(link as unknown as LinkedModules, "file:///main.ts", app);
  return { link, modules };
}

describe("FleetModules", () => {
  it("begins with the modules of the start", () => {
    const { modules } = fleetModules("file:///app.ts");
    assertEquals(modules.current, {
      entry: "file:///main.ts",
      app: "file:///app.ts",
      folder: "/srv/1",
    });
  });

  it("follow() has new workers load what the link leads to, and returns the line for the log", () => {
    const { link, modules } = fleetModules();
    assertEquals(modules.follow(), undefined);
    link.folder = "/srv/2";
    assertEquals(modules.follow(), "/srv/1 to /srv/2");
    assertEquals(modules.current.folder, "/srv/2");
  });

  it("revert() returns to the modules that keep() has kept last", () => {
    const { link, modules } = fleetModules();
    link.folder = "/srv/2";
    modules.follow();
    modules.revert();
    assertEquals(modules.current.folder, "/srv/1");
    modules.follow();
    modules.keep();
    link.folder = "/srv/3";
    modules.follow();
    modules.revert();
    assertEquals(modules.current.folder, "/srv/2");
  });

  it("folderAdvice() asks about the application, or else the entry, and advises where its folder is unknown", () => {
    for (const app of [undefined, "file:///app.ts"]) {
      const { link, modules } = fleetModules(app);
      assertEquals(modules.folderAdvice(), undefined);
      link.unknown = "the folder";
      const url = app ?? "file:///main.ts";
      assertEquals(modules.folderAdvice()?.includes(`the folder of ${url}`), true);
    }
  });
});
