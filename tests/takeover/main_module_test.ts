// Loading as the main module, in a worker thread of its own: the globals of these tests stay as they are.

import { assertEquals, assertRejects } from "@std/assert";
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
    what: "import.meta.main that is read in another way",
    file: "destructured.ts",
    text: `const { main } = import.meta;\n${SEES} = [main, import.meta["main"]];`,
    sees: [true, true],
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

/** Code that replaces `registerHooks` of node:module by `replacement`, which may call `own`. */
const withHooks = (replacement: string) => `
  import module from "node:module";
  const own = module.registerHooks;
  module.registerHooks = ${replacement};`;

/** Runtimes of which hooks cannot be used, each in code that makes this runtime one. */
const brokenHooks: readonly { what: string; prepare: string }[] = [
  { what: "there are no hooks", prepare: withHooks("undefined") },
  {
    what: "a hook gets other arguments than expected",
    prepare: withHooks("({ load }) => own({ load: (url, context) => load(url, context) })"),
  },
  {
    what: "import.meta.main cannot be changed",
    prepare: withHooks(`({ load }) => own({
      load: (...args) => {
        const loaded = load(...args);
        const prefix = 'Object.defineProperty(import.meta, "main", { value: false, writable: false });';
        return { ...loaded, source: prefix + loaded.source };
      },
    })`),
  },
  {
    what: "the text that a hook returns is not used",
    prepare: withHooks(`({ load }) => own({
      load: (url, context, next) => {
        load(url, context, next);
        return next(url, context);
      },
    })`),
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

  /**
   * Loads a program as the main module of a thread, after `prepare`, and resolves to what it sees,
   * and to why it is not the main one.
   */
  async function load(file: string, text: string, prepare = ""): Promise<unknown[]> {
    await Deno.writeTextFile(`${folder}/${file}`, text);
    const url = pathToFileURL(`${folder}/${file}`).href;
    const script = `
      Object.defineProperty(Deno, "args", {
        value: ["a.ts", "--flag", "--", "--its", "own"], configurable: true,
      });
      ${prepare}
      const { importAsMain } = await import(${JSON.stringify(MODULE)});
      const reasons = [];
      await importAsMain(${JSON.stringify(url)}, (reason) => reasons.push(reason));
      globalThis.postMessage([${SEES}, ...reasons]);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
    const seen = Promise.withResolvers<unknown[]>();
    worker.on("message", seen.resolve);
    worker.on("error", seen.reject);
    const result = await within(seen.promise, "what the module sees");
    await worker.terminate();
    return result;
  }

  for (const { what, file, text, sees } of programs) {
    it(`shows ${what}`, async () => {
      assertEquals(await load(file, text), [sees]);
    });
  }

  for (const { what, prepare } of brokenHooks) {
    it(`runs the program, and reports that it is not the main one, where ${what}`, async () => {
      const text = `${SEES} = import.meta.main;`;
      const reason = "the runtime's hooks do not work as expected";
      assertEquals(await load("main.ts", text, prepare), [false, reason]);
    });
  }

  it("rejects with the error of the program itself where hooks fail", async () => {
    const text = `import.meta.main; throw new Error("own");`;
    const { prepare } = brokenHooks[0];
    await assertRejects(() => load("throws.ts", text, prepare), Error, "own");
  });
});
