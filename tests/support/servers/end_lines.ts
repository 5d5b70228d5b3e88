// Lines that a worker writes while it ends, when a message might be lost.

/** Writes a line to standard output at once, with the worker's name before it. */
export function tell(text: string): void {
  const { name = "" } = globalThis as { name?: string };
  Deno.stdout.writeSync(new TextEncoder().encode(`${name} ${text}\n`));
}

/** Resolves after some time. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Work that goes on after a response, and takes a while. */
export async function sendMail(ms: number): Promise<void> {
  await delay(ms);
  tell("mail sent");
}
