// Reads the environment's variables without a question at the terminal.

/** Returns a variable of the environment; undefined also where reading it is not allowed. */
export function environmentVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/**
 * Returns the variables of the environment whose names begin with a prefix. There are none where it
 * is not allowed to read the whole environment.
 */
export function environmentVariables(prefix: string): Readonly<Record<string, string>> {
  if (Deno.permissions.querySync({ name: "env" }).state !== "granted") return {};
  const all = Object.entries(Deno.env.toObject());
  return Object.fromEntries(all.filter(([name]) => name.startsWith(prefix)));
}
