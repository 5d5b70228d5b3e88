// A worker's part of the command line: loads the application, and serves it.

import { serveApp } from "./hosted_application.ts";
import { loadApplication } from "./application.ts";

/** Serves the application that the supervisor names. Resolves when the worker has drained. */
export async function serveInWorker(): Promise<void> {
  await serveApp(loadApplication);
}
