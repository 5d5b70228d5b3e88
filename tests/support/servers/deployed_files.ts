// Reads the files of examples/deploy that others run (systemd, Docker, Kubernetes), as far as tests hold them to the code.

import { parseAllDocuments } from "yaml";

/** The root of the repository. */
export const ROOT: URL = new URL("../../../", import.meta.url);

const FOLDER = new URL("examples/deploy/", ROOT);

/** The text of one of the files. */
export function deployedText(name: string): string {
  return Deno.readTextFileSync(new URL(name, FOLDER));
}

/** The milliseconds of a span of time as systemd, nginx and HAProxy write it. */
export function parseSpan(text: string): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new Error(`Not a span of time: ${text}`);
  const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  return Number(match[1]) * units[match[2]];
}

/** The words of a line, in which quotation marks do not occur. */
function words(line: string): string[] {
  return line.trim().split(/\s+/);
}

/** A unit of systemd. */
export class Unit {
  readonly #settings: ReadonlyArray<readonly [name: string, value: string]>;

  constructor(text: string) {
    const lines = text.replaceAll("\\\n", " ").split("\n");
    this.#settings = lines.filter((line) => /^\w+=/.test(line)).map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    });
  }

  /** What was set under that name, in order. */
  all(name: string): string[] {
    return this.#settings.filter(([other]) => other === name).map(([, value]) => value);
  }

  /** What was set under that name, once. */
  one(name: string): string {
    const values = this.all(name);
    if (values.length !== 1) throw new Error(`${name} is set ${values.length} times`);
    return values[0];
  }

  /** The program and its arguments. */
  get command(): string[] {
    return words(this.one("ExecStart"));
  }

  get environment(): Record<string, string> {
    return Object.fromEntries(
      this.all("Environment").map((text) => {
        const at = text.indexOf("=");
        return [text.slice(0, at), text.slice(at + 1)];
      }),
    );
  }
}

/** The instructions of a Dockerfile: their names and what stands behind. */
export class Dockerfile {
  readonly #instructions: ReadonlyArray<readonly [name: string, rest: string]>;

  constructor(text: string) {
    const lines = text.replaceAll("\\\n", " ").split("\n");
    this.#instructions = lines.filter((line) => /^[A-Z]+ /.test(line)).map((line) => {
      const at = line.indexOf(" ");
      return [line.slice(0, at), line.slice(at + 1).trim()];
    });
  }

  all(name: string): string[] {
    return this.#instructions.filter(([other]) => other === name).map(([, rest]) => rest);
  }

  one(name: string): string {
    const all = this.all(name);
    if (all.length !== 1) throw new Error(`${name} stands there ${all.length} times`);
    return all[0];
  }

  /** The words of an instruction in exec form. */
  words(name: string): string[] {
    const rest = this.one(name);
    return JSON.parse(rest.slice(rest.indexOf("[")));
  }

  get environment(): Record<string, string> {
    return Object.fromEntries(words(this.one("ENV")).map((pair) => pair.split("=")));
  }

  /** The files and folders of the repository that are copied. */
  get sources(): { readonly from: string; readonly to: string }[] {
    return this.all("COPY").map((rest) => {
      const [from, to] = words(rest);
      return { from, to };
    });
  }
}

/** A probe of Kubernetes. */
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

/** The container of the manifest, as far as it is read here. */
export interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly limits: { readonly cpu: string } };
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}

/** The objects of the manifest, by their kinds. */
// deno-lint-ignore no-explicit-any -- Kubernetes has the types; a test reads a handful of fields.
export function parseManifest(text: string): Record<string, any> {
  return Object.fromEntries(
    parseAllDocuments(text).map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      const object = document.toJS();
      return [object.kind, object];
    }),
  );
}
