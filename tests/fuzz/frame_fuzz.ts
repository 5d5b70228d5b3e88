// The fuzzer of frames as a program: `deno task fuzz:frames`, with the flags and exit codes of
// `deno task fuzz` (fuzz.ts).

import { fuzzFrames } from "./frame_fuzzer.ts";
import { runFuzzer } from "./fuzz.ts";

if (import.meta.main) Deno.exit(await runFuzzer("fuzz:frames", "frame_fuzz.ts", fuzzFrames));
