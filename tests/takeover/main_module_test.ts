// Loading as the main module, in a worker thread of its own: the globals of these tests stay as they are.

import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { Worker } from "node:worker_threads";
import { pathToFileURL } from "node:url";
import { within } from "../support/deadline.ts";
import { canReadTests } from "../support/permissions.ts";

const MODULE = new URL("../../src/takeover/main_module.ts", import.meta.url).href;
const canWrite = Deno.permissions.querySync({ name: "write" }).state === "granted";

/** What a module puts there is what it has seen. */
const SEES = "globalThis.seen";

const DEPENDENCY = `export const isMain = import.meta.main;`;

const programs: readonly { what: string; file: string; text: string; sees: unknown }[] = [
  {
    what: "import.meta.main, which is false in what the module imports",
    file: "main.ts",
    text: `import { isMain } from "./dependency.ts";
      const main: boolean = import.meta.main;
      ${SEES} = [main, isMain];`,
    sees: [true, false],
  },
  {
    what: "import.meta.main in a file that begins with the name of an interpreter",
    file: "script.ts",
    text: `#!/usr/bin/env -S deno run\n${SEES} = import.meta.main;`,
    sees: true,
  },
  {
    what: "the lines of the file in stacks",
    file: "lines.ts",
    text: `import.meta.main;\n${SEES} = /lines\\.ts:(\\d+)/.exec(new Error().stack)[1];`,
    sees: "2",
  },
  {
    what: "require.main",
    file: "main.cjs",
    text: `${SEES} = [require.main === module, process.argv.slice(2)];`,
    sees: [true, ["--its", "own"]],
  },
  {
    what: "process.argv and Deno.args",
    file: "argv.ts",
    text: `import process from "node:process";
      import { fileURLToPath } from "node:url";
      ${SEES} = [
        process.argv[1] === fileURLToPath(import.meta.url), process.argv.slice(2), Deno.args,
      ];`,
    sees: [true, ["--its", "own"], ["--its", "own"]],
  },
];

describe("importAsMain()", { ignore: !canReadTests || !canWrite }, () => {
  let folder: string;

  beforeAll(async () => {
    folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/dependency.ts`, DEPENDENCY);
  });
  afterAll(async () => {
    if (folder !== undefined) await Deno.remove(folder, { recursive: true });
  });

  for (const { what, file, text, sees } of programs) {
    it(`shows ${what}`, async () => {
      await Deno.writeTextFile(`${folder}/${file}`, text);
      const url = pathToFileURL(`${folder}/${file}`).href;
      const script = `
        Object.defineProperty(Deno, "args", {
          value: ["a.ts", "--flag", "--", "--its", "own"], configurable: true,
        });
        const { importAsMain } = await import(${JSON.stringify(MODULE)});
        await importAsMain(${JSON.stringify(url)});
        globalThis.postMessage(${SEES});`;
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
      const seen = Promise.withResolvers<unknown>();
      worker.on("message", seen.resolve);
      worker.on("error", seen.reject);
      assertEquals(await within(seen.promise, "what the module sees"), sees);
      await worker.terminate();
    });
  }
});
