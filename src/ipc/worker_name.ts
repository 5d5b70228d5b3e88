// The name of a worker's thread. It is all that a worker knows before its module runs, so it has
// what has to be known by then: the worker's number, what is put into its global scope, and whether
// it is to wait.

/** What the name of a worker tells. */
export interface WorkerName {
  /** The worker's number; never used twice in a process. */
  readonly worker: number;
  /** Whether its `Response` is the one that is sent faster. */
  readonly fastResponse: boolean;
  /** Whether it was spawned as a standby. It may be promoted before it has loaded. */
  readonly isStandby: boolean;
}

const NO_FAST_RESPONSE = " --no-fast-response";
const STANDBY = " --standby";
const WORKER_NAME =
  /^mudpie:(?<worker>[1-9][0-9]*)(?<plain> --no-fast-response)?(?<standby> --standby)?$/;

/** Writes the name of a worker. */
export function formatWorkerName({ worker, fastResponse, isStandby }: WorkerName): string {
  return `mudpie:${worker}${fastResponse ? "" : NO_FAST_RESPONSE}${isStandby ? STANDBY : ""}`;
}

/** Reads the name of a worker. Returns undefined for any other value. */
export function parseWorkerName(name: unknown): WorkerName | undefined {
  const match = typeof name === "string" ? WORKER_NAME.exec(name) : null;
  if (match === null) return undefined;
  const { worker, plain, standby } = match.groups ?? {};
  return {
    worker: Number(worker),
    fastResponse: plain === undefined,
    isStandby: standby !== undefined,
  };
}
