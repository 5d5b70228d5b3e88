// The numbers of workers. A number is in the name of a thread, and no two threads of a process
// share one: fleets and probes take their numbers from the same source.

let lastWorkerNumber = 0;

/** Returns a number for a new worker. */
export function claimWorkerNumber(): number {
  return ++lastWorkerNumber;
}
