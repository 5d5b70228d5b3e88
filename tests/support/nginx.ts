// Starts nginx in front of a server, with the configuration that README.md gives to its readers: what it promises is what runs.

import { within } from "./deadline.ts";
import { freePort } from "./free_port.ts";
import { Program } from "./program.ts";
import { CAN_START_PROGRAMS } from "./started_app.ts";

const README = new URL("../../README.md", import.meta.url);

/** Why nginx cannot be started; empty where it can be. */
export const NGINX_HINDRANCE: string = !CAN_START_PROGRAMS
  ? " (needs permissions)"
  : hasNginx()
  ? ""
  : " (needs nginx)";

function hasNginx(): boolean {
  try {
    return new Deno.Command("nginx", { args: ["-v"], stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** The directories in which nginx keeps what does not fit its memory. */
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** nginx, in front of a server. */
export class Nginx implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program;
  readonly #folder: string;

  private constructor(port: number, program: Program, folder: string) {
    this.port = port;
    this.#program = program;
    this.#folder = folder;
  }

  /** Starts it in front of that port, and waits until it accepts. */
  static async before(appPort: number): Promise<Nginx> {
    const folder = await Deno.makeTempDir();
    const port = freePort();
    const configuration = (await readmeConfiguration())
      .replace("127.0.0.1:8000", `127.0.0.1:${appPort}`)
      .replace("listen 80;", `listen 127.0.0.1:${port};`);
    const path = `${folder}/nginx.conf`;
    await Deno.writeTextFile(
      path,
      [
        "daemon off;",
        "worker_processes 1;",
        `pid ${folder}/nginx.pid;`,
        // Its workers would be somebody else's, and could not write into the folder.
        Deno.uid() === 0 ? "user root;" : "",
        "events { worker_connections 256; }",
        "http {",
        "access_log off;",
        ...TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`),
        configuration,
        "}",
      ].join("\n"),
    );
    const program = Program.start("nginx", ["-p", folder, "-e", "stderr", "-c", path]);
    await within(waitForPort(port), `nginx, which says ${program.stderr.text}`);
    return new Nginx(port, program, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program.signal("SIGTERM");
    await this.#program.ended();
    await this.#program[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function readmeConfiguration(): Promise<string> {
  const match = /```nginx\n(.*?)```/s.exec(await Deno.readTextFile(README));
  if (match === null) throw new Error("README.md has no configuration for nginx");
  return match[1];
}

async function waitForPort(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      // It is not there yet.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
