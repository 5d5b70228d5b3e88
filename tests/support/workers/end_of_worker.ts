// Runs a Web Worker that ends in one of the ways of `ends.ts`, and collects what it does.

import { eventually } from "../deadline.ts";
import { startWebWorker } from "./web_worker.ts";

/**
 * The messages that a worker posts, then the errors that it dies of, up to the number given.
 * Messages and errors come by different ways: an error may come before a message that was posted
 * first.
 */
export async function endOfWorker(name: string, count: number): Promise<string[]> {
  const messages: string[] = [];
  const errors: string[] = [];
  const worker = startWebWorker("ends.ts", name);
  worker.onmessage = ({ data }) => messages.push(data);
  worker.onerror = (event) => {
    event.preventDefault();
    errors.push(`error: ${event.message}`);
  };
  await eventually(
    () => messages.length + errors.length >= count,
    `${count} events of the worker that ${name}`,
  );
  worker.terminate();
  return [...messages, ...errors];
}
