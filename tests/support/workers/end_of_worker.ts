// Runs a Web Worker that ends in one of the ways of `ends.ts`, and collects what it does.

import { eventually } from "../deadline.ts";
import { startWebWorker } from "./web_worker.ts";

/** The messages that a worker posts and the errors that it dies of, up to the number given. */
export async function endOfWorker(name: string, count: number): Promise<string[]> {
  const seen: string[] = [];
  const worker = startWebWorker("ends.ts", name);
  worker.onmessage = ({ data }) => seen.push(data);
  worker.onerror = (event) => {
    event.preventDefault();
    seen.push(`error: ${event.message}`);
  };
  await eventually(() => seen.length >= count, `${count} events of the worker that ${name}`);
  worker.terminate();
  return seen;
}
