// `deno compile` makes one binary of a program and its modules. The workers' module is the main module, which is in it already.
// The part of the binary that runs is downloaded by Deno, once; where it cannot be, nothing can be compiled.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { within } from "../support/deadline.ts";
import { HINDRANCE } from "../support/servers/example.ts";
import { Program } from "../support/servers/program.ts";

const EXAMPLE = new URL("../../examples/hello.ts", import.meta.url);

/** Compiling takes as long as the disk does: some hundred megabytes are written. */
const COMPILE_MS = 120_000;

/** The command of README.md, with another name for what comes out of it. */
async function compile(entry: string, output: string): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", "-A", "--unstable-net", "-o", output, entry],
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/** Whether the runtime's part can be had: with a program of one line. */
async function canCompile(): Promise<boolean> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/empty.ts`, "");
    return await compile(`${folder}/empty.ts`, `${folder}/empty`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const hindrance = HINDRANCE !== ""
  ? HINDRANCE
  : await canCompile()
  ? ""
  : " (the runtime for compiled programs cannot be downloaded)";

describe(`examples/hello.ts, compiled${hindrance}`, { ignore: hindrance !== "" }, () => {
  it("is one file that runs ten workers, in a folder where nothing else is", async () => {
    const folder = await Deno.makeTempDir();
    try {
      const binary = `${folder}/hello`;
      const compiled = compile(EXAMPLE.pathname, binary);
      assertEquals(await within(compiled, "a compiled program", COMPILE_MS), true);
      await using program = Program.start(binary, [], { cwd: folder });
      const { line, workers } = await program.listening();
      assertEquals(workers, 10);
      assertStringIncludes(line, "listen mode reuseport");
      using client = Deno.createHttpClient({});
      const asked = fetch("http://127.0.0.1:8000/hello", { client });
      const response = await within(asked, "an answer");
      assertEquals(await response.text(), "<h1>Hello World!</h1>");
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});
