// What the kernel tells of a server: how much of a processor it has used, and how much memory it has. Linux alone tells it here.

/** The times of the threads that there are, by thread, in nanoseconds. */
type ThreadTimes = ReadonlyMap<string, number>;

/** A process and those that it has started, and theirs. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const child = Number(name);
    if (!Number.isInteger(child)) continue;
    const parent = parentOf(child);
    if (parent !== undefined) children.set(parent, [...children.get(parent) ?? [], child]);
  }
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) tree.push(...children.get(tree[i]) ?? []);
  return tree;
}

function parentOf(pid: number): number | undefined {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, which may hold anything.
  return stat === undefined
    ? undefined
    : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Processes and threads come and go while they are looked at. */
function readOrNothing(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

/** Counts the time on processors, user and system, of a process, all its threads and all that it has started. */
export class ProcessorClock {
  readonly #pid: number;
  #begun: ThreadTimes = new Map();

  constructor(pid: number) {
    this.#pid = pid;
    this.start();
  }

  /** Counts from now on. */
  start(): void {
    this.#begun = this.#times();
  }

  /**
   * How many nanoseconds have been used. The scheduler counts in nanoseconds for each thread, where the sum for a process comes
   * in ticks of 10 ms; what threads have used that ended meanwhile is lost, and servers at work end none.
   */
  elapsed(): number {
    let sum = 0;
    for (const [thread, time] of this.#times()) sum += time - (this.#begun.get(thread) ?? 0);
    return sum;
  }

  #times(): ThreadTimes {
    const times = new Map<string, number>();
    for (const pid of processTree(this.#pid)) {
      for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
        const text = readOrNothing(`/proc/${pid}/task/${name}/schedstat`);
        if (text !== undefined) times.set(name, Number(text.split(" ")[0]));
      }
    }
    return times;
  }
}

/** The memory of a process that is in RAM, in bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes) * 1_024;
}
