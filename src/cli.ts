/**
 * The command line: serves an application from worker threads, with a flag for every option.
 *
 * ```sh
 * deno run -A jsr:@mudpie/server/cli app.ts --port 8000 --workers 4
 * ```
 *
 * The module is a program that calls `Deno.serve` or `server.run()`, or one with `export default { fetch }`, as for `deno serve`, or
 * with a `WebServer` as its default export. `--help` lists the flags, `--check` reports whether the application starts, `--watch`
 * reloads it when it changes. There is nothing in this module to import: it is run.
 *
 * @module
 */

// The same module is run on the main thread, which starts the fleet, and in its workers, which load the application. Each imports
// only what it needs: the first worker starts before the main thread has loaded the rest.

if (import.meta.main) {
  if (Deno.mainModule === undefined) {
    const { serveInWorker } = await import("./cli/worker.ts");
    await serveInWorker();
  } else {
    const { main } = await import("./cli/main.ts");
    await main(Deno.args, import.meta.url);
  }
}
