// examples/starter/ as a user has it: copied to a folder of its own, which is a project. Its own tests run there, and it
// serves with the permissions that its files name. Only the library comes from this checkout.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const STARTER = new URL("../../examples/starter/", import.meta.url);
const CHECKOUT = new URL("../../", import.meta.url).pathname;

/** A copy of the starter. */
class Project implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async copy(): Promise<Project> {
    const folder = await Deno.makeTempDir();
    for await (const { name } of Deno.readDir(STARTER)) {
      await Deno.copyFile(new URL(name, STARTER), `${folder}/${name}`);
    }
    const settings = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
    assertEquals(settings.imports["@mudpie/server"], "jsr:@mudpie/server@^0.1");
    const linked = { ...settings, links: [CHECKOUT] };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(linked));
    return new Project(folder);
  }

  /** Starts Deno in the project, in the way in which one of its files does. */
  deno(args: string[], env: Record<string, string> = {}): Program {
    return Program.deno(args, { cwd: this.folder, env: { NO_COLOR: "1", ...env } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The words with which an image or a unit starts Deno, with the folders of the copy in place of theirs. */
async function wordsOf(file: string, folder: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(file, STARTER));
  const words: string[] = file === "Dockerfile"
    ? JSON.parse(/^CMD (\[.*\])$/m.exec(text)?.[1] ?? "[]")
    : (/^ExecStart=\S+ ((?:.*\\\n)*.*)$/m.exec(text)?.[1] ?? "").split(/[\s\\]+/);
  return words.map((word) =>
    word.replaceAll(/\/srv\/(?:app|tasks)/g, folder)
      .replaceAll(/(?<=[=,])\/(?:data|var\/lib\/tasks)/g, folder)
      // A package needs no permission to be read, a checkout does.
      .replace(/^--allow-read=/, `--allow-read=${CHECKOUT},`)
      .replaceAll("0.0.0.0:8000", "127.0.0.1:0,127.0.0.1")
  );
}

describe("examples/starter/", { ignore: !CAN_START_PROGRAMS }, () => {
  it("passes its own tests in a copy", async () => {
    await using project = await Project.copy();
    // The types are checked with the rest of the repository.
    await using program = project.deno(["task", "test", "--no-check"]);
    const { code } = await program.ended();
    assertEquals(code, 0, program.stdout.text + program.stderr.text);
    assertStringIncludes(program.stdout.text, "3 passed");
  });

  for (const file of ["Dockerfile", "tasks.service"]) {
    it(`serves with the permissions that its ${file} names, and no more`, async () => {
      await using project = await Project.copy();
      const words = await wordsOf(file, project.folder);
      assert(!words.includes("-A") && words.includes("--no-prompt"), words.join(" "));
      await using program = project.deno(words, {
        HOST: "127.0.0.1",
        PORT: "0",
        DATABASE: `${project.folder}/tasks.sqlite`,
        MUDPIE_WORKERS: "2",
      });
      const { port, workers } = await program.listening();
      assertEquals(workers, 2);
      const origin = `http://127.0.0.1:${port}`;
      const headers = { connection: "close" };
      const added = await fetch(`${origin}/tasks`, {
        method: "POST",
        body: '{"title":"a"}',
        headers,
      });
      assertEquals([added.status, await added.json()], [201, { id: 1, title: "a", done: false }]);
      for (let i = 0; i < 8; i++) {
        const found = await fetch(`${origin}/tasks/1`, { headers });
        assertEquals((await found.json()).title, "a");
      }
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
      assert(!program.stderr.text.includes("NotCapable"), program.stderr.text);
    });
  }
});
