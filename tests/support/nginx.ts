// Starts nginx in front of a server, with the configuration that README.md gives to its readers: what it promises is what runs.

import { within } from "./deadline.ts";
import { freePort } from "./free_port.ts";
import { Program } from "./program.ts";
import { CAN_START_PROGRAMS } from "./started_app.ts";

const README = new URL("../../README.md", import.meta.url);

/** Why nginx cannot be started; empty where it can be. */
export const NGINX_HINDRANCE: string = !CAN_START_PROGRAMS
  ? " (needs permissions)"
  : !has("nginx", "-v")
  ? " (needs nginx)"
  : !has("openssl", "version")
  ? " (needs openssl)"
  : "";

function has(program: string, argument: string): boolean {
  try {
    const command = new Deno.Command(program, { args: [argument], stdout: "null", stderr: "null" });
    return command.outputSync().success;
  } catch {
    return false;
  }
}

/** The name for which nginx has a certificate. */
export const PUBLIC_HOST = "public.example";

/** From where nginx asks the server: another address than the clients' own, who come from 127.0.0.1. */
export const NGINX_ADDRESS = "127.0.0.2";

/** Makes the key and the certificate of {@linkcode PUBLIC_HOST} in that folder, and gives the certificate. */
async function makeCertificate(folder: string): Promise<string> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-keyout", `${folder}/key.pem`, "-out", `${folder}/certificate.pem`, "-days", "2"],
      ...["-subj", `/CN=${PUBLIC_HOST}`, "-addext", `subjectAltName=DNS:${PUBLIC_HOST}`],
      // It is nobody's authority: Deno would not take one for a server's.
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ],
    stdout: "null",
  }).output();
  if (!success) throw new Error(`openssl says ${new TextDecoder().decode(stderr)}`);
  return await Deno.readTextFile(`${folder}/certificate.pem`);
}

/** The directories in which nginx keeps what does not fit its memory. */
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** nginx, in front of a server. */
export class Nginx implements AsyncDisposable {
  readonly port: number;
  /** Where it is asked with TLS. */
  readonly tlsPort: number;
  /** What it shows there. */
  readonly certificate: string;
  readonly #program: Program;
  readonly #folder: string;

  private constructor(
    listening: Pick<Nginx, "port" | "tlsPort" | "certificate">,
    program: Program,
    folder: string,
  ) {
    this.port = listening.port;
    this.tlsPort = listening.tlsPort;
    this.certificate = listening.certificate;
    this.#program = program;
    this.#folder = folder;
  }

  /** Starts it in front of that port, and waits until it accepts. */
  static async before(appPort: number): Promise<Nginx> {
    const folder = await Deno.makeTempDir();
    const certificate = await makeCertificate(folder);
    const [port, tlsPort] = [freePort(), freePort()];
    const listen = [
      `listen 127.0.0.1:${port};`,
      `listen 127.0.0.1:${tlsPort} ssl;`,
      `ssl_certificate ${folder}/certificate.pem;`,
      `ssl_certificate_key ${folder}/key.pem;`,
    ];
    const configuration = (await readmeConfiguration())
      .replace("127.0.0.1:8000", `127.0.0.1:${appPort}`)
      .replace("listen 80;", listen.join("\n"));
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
        `proxy_bind ${NGINX_ADDRESS};`,
        ...TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`),
        configuration,
        "}",
      ].join("\n"),
    );
    const program = Program.start("nginx", ["-p", folder, "-e", "stderr", "-c", path]);
    await within(waitForPort(port), `nginx, which says ${program.stderr.text}`);
    return new Nginx({ port, tlsPort, certificate }, program, folder);
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
