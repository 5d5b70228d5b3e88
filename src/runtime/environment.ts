// Reads the environment's variables without a question at the terminal.

/** Returns a variable of the environment; undefined also where reading it is not allowed. */
export function environmentVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}
