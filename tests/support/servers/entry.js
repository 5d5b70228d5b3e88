// Loads the module that its query names. `deno test` type-checks what a worker is started from, in each worker, and once for
// each query: seconds that a test would wait for. What is imported while a program runs is not checked, and all of it is in
// `deno task check` anyway. Programs that are started with `deno run` need none of this.

await import(new URL(import.meta.url).searchParams.get("module"));
