// The name of a worker's thread. It is all that a worker knows before its module runs, so it has
// what has to be known by then: the worker's number, and what is put into its global scope.

/** What the name of a worker tells. */
export interface WorkerName {
  /** The worker's number; never used twice in a process. */
  readonly worker: number;
  /** Whether its `Response` is the one that is sent faster. */
  readonly fastResponse: boolean;
}

const NO_FAST_RESPONSE = " --no-fast-response";
const WORKER_NAME = /^mudpie:(?<worker>[1-9][0-9]*)(?<flag> --no-fast-response)?$/;

/** Writes the name of a worker. */
export function formatWorkerName({ worker, fastResponse }: WorkerName): string {
  return `mudpie:${worker}${fastResponse ? "" : NO_FAST_RESPONSE}`;
}

/** Reads the name of a worker. Returns undefined for any other value. */
export function parseWorkerName(name: unknown): WorkerName | undefined {
  const match = typeof name === "string" ? WORKER_NAME.exec(name) : null;
  if (match === null) return undefined;
  const { worker, flag } = match.groups ?? {};
  return { worker: Number(worker), fastResponse: flag === undefined };
}
