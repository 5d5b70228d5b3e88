// The fuzzer of forms as a program: `deno task fuzz:forms`, with the flags and exit codes of `deno task fuzz` (fuzz.ts).

import { fuzzForms } from "./form_fuzzer.ts";
import { runFuzzer } from "./fuzz.ts";

if (import.meta.main) Deno.exit(await runFuzzer("fuzz:forms", "form_fuzz.ts", fuzzForms));
