// Load by wrk: which bytes it sends, and what it has counted. Its script is made for each run, of the very bytes of requests.ts.

/** What wrk is to do. */
export interface WrkLoad {
  readonly port: number;
  /** What is sent on each connection, one after the other and over and over; each may be several requests, pipelined. */
  readonly requests: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  /** The processors that it may use, as `taskset` takes them. */
  readonly processors: string;
  /** Whether the server ends each connection behind its answer. */
  readonly isLast?: boolean;
}

/** What wrk has counted. */
export interface WrkResult {
  readonly requests: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  /** Where requests are pipelined: from the first one of a batch to the last answer. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** Answers with a status of 400 or above, and failures of connections other than those of reading. */
  readonly errors: number;
  /** Connections that ended where wrk went on reading; one that the server ends without having said so is among them. */
  readonly endings: number;
}

/** A text as Lua writes it. Each character must be one byte. */
export function luaString(text: string): string {
  const escape = (character: string) => {
    const code = character.charCodeAt(0);
    if (code > 0xff) throw new RangeError("Only characters that are one byte can be sent");
    return `\\${String(code).padStart(3, "0")}`;
  };
  // deno-lint-ignore no-control-regex
  return `"${text.replace(/["\\\x00-\x1f\x7f-\uffff]/g, escape)}"`;
}

const DONE = `
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("counts %d %d %d %d\\n", summary.requests, summary.duration,
    errors.status + errors.connect + errors.write + errors.timeout, errors.read))
  io.write("latencies")
  for i = 1, #latency do
    local value, count = latency(i)
    io.write(string.format(" %d:%d", value, count))
  end
  io.write("\\n")
end
`;

/** The script for these requests. Of one request wrk makes its bytes once; of several it takes the next one each time. */
export function wrkScript(requests: readonly string[]): string {
  const sends = requests.length === 1
    ? `wrk.format = function() return ${luaString(requests[0])} end`
    : `local requests = {\n${requests.map(luaString).join(",\n")}\n}
local number = 0
request = function()
  number = number % #requests + 1
  return requests[number]
end`;
  return sends + DONE;
}

/** How often each latency was seen, in microseconds. */
export type Latencies = Map<number, number>;

/**
 * Takes back what wrk 4 adds to the latencies. It believes that each connection wants an answer as often as it gets one on
 * average, and for every later one adds those that would have been asked for meanwhile ("coordinated omission"): with clients
 * that ask when they have been answered these are made up, and where requests are pipelined they are nearly all there is.
 * The additions go from the lowest latency up and reach only lower ones, so from the highest one down they can be taken off.
 */
export function withoutCorrection(latencies: Latencies, intervalUs: number): Latencies {
  const seen = new Map(latencies);
  const falling = [...latencies.keys()].sort((left, right) => right - left);
  for (const latency of falling) {
    if (latency < intervalUs * 2) break;
    const count = seen.get(latency) ?? 0;
    if (count === 0) continue;
    for (let lower = latency - intervalUs; lower > intervalUs; lower -= intervalUs) {
      const added = seen.get(lower);
      // Below the least one that was seen wrk adds, too, and does not tell.
      if (added !== undefined) seen.set(lower, added - count);
    }
  }
  return seen;
}

/** The latency below which that share of the answers came. */
export function latencyAt(latencies: Latencies, share: number): number {
  const rising = [...latencies].sort(([left], [right]) => left - right);
  const total = rising.reduce((sum, [, count]) => sum + count, 0);
  let before = 0;
  for (const [latency, count] of rising) {
    before += count;
    if (before >= total * share) return latency;
  }
  throw new RangeError("There are no latencies");
}

/** What the script has said at the end. */
export function parseWrkOutput(output: string, connections: number): WrkResult {
  const counts = /^counts (\d+) (\d+) (\d+) (\d+)$/m.exec(output);
  const listed = /^latencies((?: \d+:\d+)*)$/m.exec(output);
  if (counts === null || listed === null) {
    throw new Error(`Cannot find the counts in what wrk has said: ${output}`);
  }
  const [requests, microseconds, errors, endings] = counts.slice(1).map(Number);
  const told: Latencies = new Map();
  for (const [, latency, count] of listed[1].matchAll(/(\d+):(\d+)/g)) {
    told.set(Number(latency), Number(count));
  }
  if (told.size === 0) {
    const answers = `${requests} answers in ${microseconds / 1e6} s`;
    throw new Error(`No batch of requests was answered whole: ${answers}; measure for longer`);
  }
  // As wrk reckons it, in whole numbers; of fewer answers than connections it makes no more.
  const rounds = Math.floor(requests / connections);
  const latencies = rounds === 0
    ? told
    : withoutCorrection(told, Math.floor(microseconds / rounds));
  const seconds = microseconds / 1e6;
  return {
    requests,
    seconds,
    requestsPerSecond: requests / seconds,
    p50Us: latencyAt(latencies, 0.5),
    p99Us: latencyAt(latencies, 0.99),
    errors,
    endings,
  };
}

/**
 * How late a response may be before wrk counts it as a failure and drops its latency. The default of wrk, 2 s, is less than
 * a busy machine may hold a process for, and ends a run of hours.
 */
const TIMEOUT = "10s";

/** Puts load on a server, and throws where one answer was not what it should be. */
export async function runWrk(load: WrkLoad): Promise<WrkResult> {
  const { port, requests, connections, seconds, processors, isLast = false } = load;
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  try {
    await Deno.writeTextFile(script, wrkScript(requests));
    const target = ["-s", script, `http://127.0.0.1:${port}`];
    const wrk = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", TIMEOUT];
    const { stdout, stderr, success } = await new Deno.Command("taskset", {
      args: ["-c", processors, ...wrk, ...target],
      stdout: "piped",
      stderr: "piped",
    }).output();
    const output = new TextDecoder().decode(stdout);
    if (!success) throw new Error(`wrk has failed: ${output}${new TextDecoder().decode(stderr)}`);
    const result = parseWrkOutput(output, connections);
    // An answer counts only when it has come whole; so an ending behind it is none of our business where it has to end.
    const failures = result.errors + (isLast ? 0 : result.endings);
    if (failures > 0 || result.requests === 0) {
      const summary = output.slice(0, output.indexOf("latencies"));
      throw new Error(`${failures} failures beside ${result.requests} answers: ${summary}`);
    }
    return result;
  } finally {
    await Deno.remove(script);
  }
}
