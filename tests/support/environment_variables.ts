// Sets variables of the environment for one call.

/** Calls `body` with these variables set, or unset where they are undefined, and puts back what was there. */
export function withEnvironment<Result>(
  variables: Record<string, string | undefined>,
  body: () => Result,
): Result {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const [name, value] of Object.entries(variables)) setVariable(name, value);
    return body();
  } finally {
    for (const [name, value] of before) setVariable(name, value);
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) Deno.env.delete(name);
  else Deno.env.set(name, value);
}
