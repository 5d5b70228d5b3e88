// The files of examples/deploy: those whose programs are here say that they are right, their commands run, and what they say of
// ports, paths and times agrees with the application and with each other.

import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MAX_OVERTIME_MS } from "../../src/ipc/drain_order.ts";
import { resolveServerOptions } from "../../src/options/server_options.ts";
import {
  type Container,
  deployedText,
  Dockerfile,
  parseManifest,
  parseSpan,
  ROOT,
  Unit,
} from "../support/servers/deployed_files.ts";
import { freePort } from "../support/servers/free_port.ts";
import { replaceEach } from "../support/front_ends/front_end.ts";
import { hindranceTo } from "../support/tools/installed.ts";
import { checkDeployedHaproxy, HAPROXY_HINDRANCE } from "../support/front_ends/haproxy.ts";
import { NotifySocket } from "../support/servers/notify_socket.ts";
import { checkDeployedNginx, NGINX_HINDRANCE } from "../support/front_ends/nginx.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

/** How long a process may take from the end of its drain to its own, for its last answers and its last work. */
const LAST_ANSWERS_MS = MAX_OVERTIME_MS;

/** The variables that the application reads, as its own head lists them. */
function variablesOfApp(): Set<string> {
  const head = deployedText("app.ts").split("\n\n")[0];
  return new Set(
    [...head.matchAll(/^\/\/ {3}([A-Z_, ]+?) {2}/gm)].flatMap(([, names]) => names.split(", ")),
  );
}

function assertKnown(environment: Readonly<Record<string, string>>): void {
  const known = variablesOfApp();
  const ofDeno = /^(DENO_|NO_COLOR$)/;
  const unknown = Object.keys(environment).filter((name) => !known.has(name) && !ofDeno.test(name));
  assertEquals(unknown, []);
}

/** How long the process may take from SIGTERM to its end. */
function longestStopMs(environment: Readonly<Record<string, string>>): number {
  return Number(environment.SHUTDOWN_DELAY) + Number(environment.DRAIN_TIMEOUT) + LAST_ANSWERS_MS;
}

/** The value of a directive of nginx or HAProxy: what stands behind it on its line. */
function directive(text: string, name: string): string {
  const match = new RegExp(`^ *${name} ([^;\\n]+);?$`, "m").exec(text);
  if (match === null) throw new Error(`There is no ${name}`);
  return match[1];
}

function text({ stdout, stderr }: Deno.CommandOutput): string {
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

async function statusOf(port: number, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { connection: "close" },
  });
  await response.body?.cancel();
  return response.status;
}

/** Has systemd say what it thinks of a unit. */
async function assertVerified(name: string, unit: string): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    // It looks whether the programs are there, too.
    await Deno.writeTextFile(
      `${folder}/${name}`,
      replaceEach(unit, { "/usr/local/bin/deno": Deno.execPath() }),
    );
    const output = await new Deno.Command("systemd-analyze", {
      args: ["verify", `${folder}/${name}`],
    }).output();
    assert(output.success, text(output));
    // What it does not know it warns of, and goes on.
    assertEquals(text(output), "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ignore = !CAN_START_PROGRAMS;

describe("app.ts", { ignore }, () => {
  it("takes no permissions for its sockets that it would have to guess at", async () => {
    const app = new URL("examples/deploy/app.ts", ROOT).pathname;
    for (const SOCKET_MODE of ["0o660", "668"]) {
      await using program = Program.deno(["run", "-A", app], {
        env: { SOCKET: "/nowhere/app.sock", SOCKET_MODE },
      });
      await program.stderr.find(/Cannot use NaN as option "pathMode" of run\(\)/);
      assertEquals((await program.ended()).code, 1);
    }
  });
});

describe("nginx.conf", { ignore }, () => {
  it("nginx takes it as it stands", { ignore: NGINX_HINDRANCE !== "" }, async () => {
    const output = await checkDeployedNginx();
    assert(output.success, text(output));
  });

  it("nginx ends idle connections before Mudpie does, and takes no body that Mudpie refuses", () => {
    const conf = deployedText("nginx.conf");
    const [upstream, server] = conf.split("\n  server {");
    const { keepAliveTimeout } = resolveServerOptions({});
    assertLess(parseSpan(directive(upstream, "keepalive_timeout")), keepAliveTimeout);
    const maxBodyBytes = /maxBodyBytes: ([\d_]+)/.exec(deployedText("app.ts"))![1];
    assertEquals(directive(server, "client_max_body_size"), maxBodyBytes.replaceAll("_", ""));
  });
});

describe("haproxy.cfg", { ignore }, () => {
  it("HAProxy takes it as it stands", { ignore: HAPROXY_HINDRANCE !== "" }, async () => {
    const output = await checkDeployedHaproxy();
    assert(output.success, text(output));
  });

  it("HAProxy notices that a server is not ready within the SHUTDOWN_DELAY of mudpie.service", () => {
    const cfg = deployedText("haproxy.cfg");
    const server = directive(cfg, "default-server check");
    const span = (name: string) => parseSpan(new RegExp(`${name} (\\w+)`).exec(server)![1]);
    const noticesMs = span("\\binter") + span("fastinter");
    const { SHUTDOWN_DELAY } = new Unit(deployedText("mudpie.service")).environment;
    assertMatch(server, /\bfall 2\b/);
    assertLess(2 * noticesMs, Number(SHUTDOWN_DELAY));
  });
});

describe("mudpie.service", { ignore }, () => {
  const hindrance = hindranceTo("systemd-analyze");

  it(`systemd takes it as it stands${hindrance}`, { ignore: hindrance !== "" }, async () => {
    await assertVerified("mudpie.service", deployedText("mudpie.service"));
  });

  it(`systemd takes what README.md makes of it for two processes${hindrance}`, {
    ignore: hindrance !== "",
  }, async () => {
    const [command] = /^sed .*\\\n.*mudpie\.service(?= >)/m.exec(deployedText("README.md"))!;
    const output = await new Deno.Command("sh", { args: ["-c", command], cwd: ROOT }).output();
    const unit = text(output);
    const { PORT, ADMIN_PORT, DENO_DIR, JOURNAL } = new Unit(unit).environment;
    assertEquals([PORT, ADMIN_PORT], ["800%i", "900%i"]);
    assertEquals([DENO_DIR, JOURNAL], ["/var/cache/mudpie-%i", "/var/lib/mudpie-%i/journal"]);
    assertEquals(new Unit(unit).one("StateDirectory"), "mudpie-%i");
    assertEquals(new Unit(unit).one("CacheDirectory"), "mudpie-%i");
    assertMatch(new Unit(unit).one("ExecStart"), /--allow-write=\S*\/var\/lib\/mudpie-%i /);
    await assertVerified("mudpie@1.service", unit);
  });

  it("its times leave room for one another", () => {
    const unit = new Unit(deployedText("mudpie.service"));
    assertGreater(parseSpan(unit.one("TimeoutStopSec")), longestStopMs(unit.environment));
    assertGreater(parseSpan(unit.one("TimeoutStartSec")), 30_000, "startTimeout");
    assertKnown(unit.environment);
  });

  it("its command starts the application, tells that it is ready, reloads, and ends with 0", async () => {
    const unit = new Unit(deployedText("mudpie.service"));
    const folder = await Deno.makeTempDir();
    try {
      using manager = new NotifySocket();
      const places: Record<string, string> = {
        "/usr/local/bin/deno": Deno.execPath(),
        "/srv/current/": ROOT.pathname,
        "/var/lib/mudpie": folder,
        "/run/systemd": manager.folder,
        "/run/mudpie": folder,
        "/tmp": manager.folder,
      };
      // In one go: what is put in may have the name of another one in it.
      const anyPlace = new RegExp(Object.keys(places).join("|"), "g");
      const command = unit.command.map((word) => word.replace(anyPlace, (place) => places[place]));
      assertEquals(command[0], Deno.execPath());
      // Where Deno keeps what it has compiled is the test's own.
      const { DENO_DIR: _, ...environment } = unit.environment;
      await using program = Program.start(command[0], command.slice(1), {
        env: {
          ...environment,
          PORT: String(freePort()),
          ADMIN_PORT: String(freePort()),
          JOURNAL: `${folder}/journal`,
          SHUTDOWN_DELAY: "0",
          TMPDIR: manager.folder,
          NOTIFY_SOCKET: manager.path,
          WATCHDOG_USEC: "300000",
        },
      });
      await manager.hears("READY=1");
      await manager.hears("WATCHDOG=1", 2);
      program.signal("SIGHUP");
      await manager.hears("READY=1", 2);
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
      assertEquals(manager.turns, ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});

describe("Dockerfile", { ignore }, () => {
  it("has the Deno that everything here is tested with", () => {
    const [, version] = /^deno_version=(.*)$/m.exec(
      Deno.readTextFileSync(new URL(".ci/run", ROOT)),
    )!;
    assertEquals(
      new Dockerfile(deployedText("Dockerfile")).one("FROM"),
      `denoland/deno:${version}`,
    );
  });

  it("its command serves out of what it copies and no more, and its health check tells", async () => {
    const dockerfile = new Dockerfile(deployedText("Dockerfile"));
    assertKnown(dockerfile.environment);
    const folder = await Deno.makeTempDir();
    try {
      for (const { from, to } of dockerfile.sources) await copy(from, `${folder}/${to}`);
      const [port, adminPort] = [freePort(), freePort()];
      const { HOST, PORT, ADMIN_PORT } = dockerfile.environment;
      assertEquals([HOST, PORT, ADMIN_PORT], ["0.0.0.0", "8000", "9000"]);
      const checkHealth = async () => {
        const [deno, ...args] = dockerfile.words("HEALTHCHECK");
        assertEquals(deno, "deno");
        const asked = args.map((word) => word.replace(`:${ADMIN_PORT}/`, `:${adminPort}/`));
        const { code } = await new Deno.Command(Deno.execPath(), {
          args: asked,
          stderr: "null",
        }).output();
        return code;
      };
      await using program = Program.deno(dockerfile.words("CMD"), {
        cwd: folder,
        env: {
          ...dockerfile.environment,
          HOST: "127.0.0.1",
          PORT: String(port),
          ADMIN_PORT: String(adminPort),
          SHUTDOWN_DELAY: "0",
        },
      });
      await program.listening();
      assertEquals(await statusOf(port, "/rates"), 200);
      assertEquals(await checkHealth(), 0);
      program.signal(dockerfile.one("STOPSIGNAL") as Deno.Signal);
      assertEquals((await program.ended()).code, 0);
      assertEquals(await checkHealth(), 1);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});

/** Copies a file or a folder of the repository, as an image's builder does. */
async function copy(from: string, to: string): Promise<void> {
  const source = new URL(from, ROOT).pathname;
  const target = to.endsWith("/") ? `${to}${from.split("/").at(-1)}` : to;
  if ((await Deno.stat(source)).isDirectory) {
    await Deno.mkdir(target, { recursive: true });
    for await (const { name } of Deno.readDir(source)) {
      await copy(`${from}/${name}`, `${target}/${name}`);
    }
    return;
  }
  await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
  await Deno.copyFile(source, target);
}

describe("kubernetes.yaml", { ignore }, () => {
  const manifest = () => parseManifest(deployedText("kubernetes.yaml"));
  const containerOf = (objects = manifest()): Container =>
    objects.Deployment.spec.template.spec.containers[0];
  const environmentOf = ({ env }: Container) =>
    Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const preStopMs = ({ lifecycle }: Container) => lifecycle.preStop.sleep.seconds * 1_000;
  const graceMs = () =>
    manifest().Deployment.spec.template.spec.terminationGracePeriodSeconds * 1_000;

  it("its pod has the time for the preStop hook, and for what the application may take to stop", () => {
    const container = containerOf();
    const environment = environmentOf(container);
    assertGreater(graceMs(), preStopMs(container) + longestStopMs(environment));
    assertGreater(preStopMs(container), 0);
    assertKnown(environment);
  });

  it("its head, and README.md, tell the times in which a pod ends as they are", () => {
    const container = containerOf();
    const { SHUTDOWN_DELAY, DRAIN_TIMEOUT } = environmentOf(container);
    const parts = [preStopMs(container), Number(SHUTDOWN_DELAY), Number(DRAIN_TIMEOUT)];
    const ends = [...parts, LAST_ANSWERS_MS].map((_, i, all) =>
      all.slice(0, i + 1).reduce((sum, part) => sum + part)
    );
    const table = [...deployedText("kubernetes.yaml").matchAll(/^# {2,}(\d+) s {3}/gm)];
    assertEquals(table.map(([, seconds]) => Number(seconds) * 1_000), [0, ...ends, graceMs()]);
    const readme = deployedText("README.md");
    const [paragraph] = /^\*\*Kubernetes\*\*(?:.+\n)+/m.exec(readme)!;
    assertEquals(
      [...paragraph.matchAll(/(\d+) s\b/g)].map(([, seconds]) => Number(seconds) * 1_000),
      [...parts, LAST_ANSWERS_MS, ends.at(-1), graceMs()],
    );
    assertStringIncludes(
      readme,
      `\`terminationGracePeriodSeconds\` ${graceMs() / 1_000} s: above preStop`,
    );
  });

  it("its objects find each other", () => {
    const { Deployment, Service, PodDisruptionBudget } = manifest();
    const { labels } = Deployment.spec.template.metadata;
    assertEquals(Deployment.spec.selector.matchLabels, labels);
    assertEquals(Service.spec.selector, labels);
    assertEquals(PodDisruptionBudget.spec.selector.matchLabels, labels);
    assertLess(PodDisruptionBudget.spec.minAvailable, Deployment.spec.replicas);
    const { ports } = containerOf();
    assert(ports.some(({ name }) => name === Service.spec.ports[0].targetPort));
  });

  it("runs the image of the Dockerfile: its user, its ports, its workers", () => {
    const objects = manifest();
    const dockerfile = new Dockerfile(deployedText("Dockerfile"));
    const { runAsUser, runAsGroup } = objects.Deployment.spec.template.spec.securityContext;
    assertEquals(`${runAsUser}:${runAsGroup}`, dockerfile.one("USER"));
    const container = containerOf(objects);
    const environment = environmentOf(container);
    const portOf = (wanted: string) =>
      String(container.ports.find(({ name }) => name === wanted)?.containerPort);
    assertEquals(environment.PORT, portOf("http"));
    assertEquals(environment.ADMIN_PORT, portOf("admin"));
    assertEquals(environment.MUDPIE_THREADS, container.resources.limits.cpu);
  });

  it("its probes are answered as it says, while the pod serves and while it goes", async () => {
    const container = containerOf();
    const { startupProbe, readinessProbe, livenessProbe } = container;
    const ports = { http: freePort(), admin: freePort() };
    const probe = async ({ httpGet }: typeof livenessProbe) =>
      await statusOf(ports[httpGet.port as keyof typeof ports], httpGet.path);
    const app = new URL("examples/deploy/app.ts", ROOT).pathname;
    await using program = Program.deno(["run", "-A", app], {
      env: {
        ...environmentOf(container),
        HOST: "127.0.0.1",
        ADMIN_HOST: "127.0.0.1",
        PORT: String(ports.http),
        ADMIN_PORT: String(ports.admin),
      },
    });
    await program.listening();
    assertEquals(await probe(startupProbe), 200);
    assertEquals(await probe(readinessProbe), 200);
    assertEquals(await probe(livenessProbe), 200);
    program.signal("SIGTERM");
    await program.stderr.find(/stopping/);
    assertEquals(await probe(readinessProbe), 503);
    assertEquals(await probe(livenessProbe), 200);
    assertEquals(await statusOf(ports.http, "/rates"), 200);
    // In a hurry.
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });
});
