// Starts the Web Workers of this folder.

import { entryFor } from "../servers/entry_url.ts";

/** Starts a worker that loads a file of this folder. */
export function startWebWorker(file: string, name: string): Worker {
  const module = new URL(file, import.meta.url);
  return new Worker(entryFor(module), { type: "module", name });
}
