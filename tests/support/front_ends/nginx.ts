// Starts nginx in front of servers, with the configuration that README.md gives to its readers, or with that of
// examples/deploy: what they promise is what runs.

import { freePort } from "../servers/free_port.ts";
import { hindranceTo } from "../tools/installed.ts";
import { FrontEnd, replaceEach, type Server } from "./front_end.ts";

const README = new URL("../../../README.md", import.meta.url);
/** The page with a configuration that passes WebSockets on. */
export const WEBSOCKETS_PAGE = new URL("../../../src/docs/websockets.md", import.meta.url);
const DEPLOYED = new URL("../../../examples/deploy/nginx.conf", import.meta.url);

/** Why nginx cannot be started; empty where it can be. */
export const NGINX_HINDRANCE: string = hindranceTo("nginx");

/** Why nginx cannot be started with TLS; empty where it can be. */
export const TLS_HINDRANCE: string = NGINX_HINDRANCE || hindranceTo("openssl");

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

/** nginx, which is asked with TLS, too. */
export interface NginxWithTls extends AsyncDisposable {
  readonly port: number;
  readonly tlsPort: number;
  /** The certificate that it shows, as PEM. */
  readonly certificate: string;
}

/**
 * Starts nginx in front of the server on that port as README.md says, or another page, and waits until
 * it accepts.
 */
export async function startNginx(appPort: number, page = README): Promise<NginxWithTls> {
  const tlsPort = freePort();
  let certificate = "";
  const frontEnd = await start(async (folder) => {
    certificate = await makeCertificate(folder);
    const configuration = replaceEach(await configurationIn(page), {
      "127.0.0.1:8000": `127.0.0.1:${appPort}`,
      "listen 80;": [
        "listen 80;",
        `listen 127.0.0.1:${tlsPort} ssl;`,
        `ssl_certificate ${folder}/certificate.pem;`,
        `ssl_certificate_key ${folder}/key.pem;`,
      ].join("\n"),
    });
    return [
      "worker_processes 1;",
      // Its workers would be somebody else's, and could not write into the folder.
      Deno.uid() === 0 ? "user root;" : "",
      "events { worker_connections 256; }",
      `http { access_log off; ${temporaryPaths(folder)}`,
      `proxy_bind ${NGINX_ADDRESS};`,
      configuration,
      "}",
    ].join("\n");
  });
  return {
    port: frontEnd.port,
    tlsPort,
    certificate,
    [Symbol.asyncDispose]: () => frontEnd[Symbol.asyncDispose](),
  };
}

/** Starts nginx in front of those servers as examples/deploy says, and waits until it accepts. */
export async function startDeployedNginx(
  [first, second]: readonly [Server, Server],
): Promise<FrontEnd> {
  return await startDeployed({
    "127.0.0.1:8001": `127.0.0.1:${first.port}`,
    "127.0.0.1:8002": `127.0.0.1:${second.port}`,
  });
}

/** The same in front of one server with two workers, with the sockets app.1.sock and app.2.sock in that folder. */
export async function startDeployedNginxOnSockets(folder: string): Promise<FrontEnd> {
  return await startDeployed({
    "    server 127.0.0.1:": "    # server 127.0.0.1:",
    "# server unix:/run/mudpie/": `server unix:${folder}/`,
  });
}

async function startDeployed(servers: Readonly<Record<string, string>>): Promise<FrontEnd> {
  const configuration = await Deno.readTextFile(DEPLOYED);
  return await start((folder) =>
    replaceEach(configuration, {
      ...servers,
      "user www-data;": Deno.uid() === 0 ? "user root;" : "",
      "pid /run/nginx.pid;": "",
      // Neither of these many processes nor of these many descriptors is there need here.
      "worker_processes auto;": "worker_processes 1;",
      "worker_rlimit_nofile 65536;": "",
      "worker_connections 16384;": "worker_connections 256;",
      "error_log /var/log/nginx/error.log warn;": "error_log stderr warn;",
      "access_log /var/log/nginx/access.log timed;": `access_log off; ${temporaryPaths(folder)}`,
    })
  );
}

/** Has nginx say what it thinks of the configuration of examples/deploy as it stands. */
export async function checkDeployedNginx(): Promise<Deno.CommandOutput> {
  const folder = await Deno.makeTempDir();
  try {
    // It opens its logs and its file of the process's number when it checks, which not everybody may.
    const configuration = replaceEach(await Deno.readTextFile(DEPLOYED), {
      "/run/nginx.pid": `${folder}/nginx.pid`,
      "/var/log/nginx/access.log": `${folder}/access.log`,
      "/var/log/nginx/error.log": `${folder}/error.log`,
    });
    await Deno.writeTextFile(`${folder}/nginx.conf`, configuration);
    const args = ["-t", "-p", folder, "-c", `${folder}/nginx.conf`];
    return await new Deno.Command("nginx", { args }).output();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function start(
  configure: (folder: string) => string | Promise<string>,
): Promise<FrontEnd> {
  const port = freePort();
  return await FrontEnd.start(port, async (folder) => {
    const configuration = replaceEach(await configure(folder), {
      "listen 80;": `listen 127.0.0.1:${port};`,
    });
    const path = `${folder}/nginx.conf`;
    await Deno.writeTextFile(
      path,
      `daemon off;\npid ${folder}/nginx.pid;\n${configuration}`,
    );
    return { command: "nginx", args: ["-p", folder, "-e", "stderr", "-c", path] };
  });
}

function temporaryPaths(folder: string): string {
  return TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ");
}

async function configurationIn(page: URL): Promise<string> {
  const match = /```nginx\n(.*?)```/s.exec(await Deno.readTextFile(page));
  if (match === null) throw new Error(`${page} has no configuration for nginx`);
  return match[1];
}
