// The numbers of workers. A number is in the name of a thread, and no two threads of a process
// share one: all fleets, and the first worker of the command line, take
// their numbers from the same source.

let lastWorkerNumber = 0;

/** Returns a number for a new worker. */
export function claimWorkerNumber(): number {
  return ++lastWorkerNumber;
}
