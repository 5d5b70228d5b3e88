// Sets variables of the environment for a while, and puts back what was there. The environment
// belongs to the whole process, so two borrowers cannot give one variable two values at a time.

/** A variable that is set for a while. */
interface Borrowed {
  readonly value: string | undefined;
  readonly before: string | undefined;
  borrowers: number;
}

const borrowed = new Map<string, Borrowed>();

/**
 * Sets variables; undefined unsets one. Returns how to put back what was there. With several
 * borrowers of a variable, the last one to return it does so.
 *
 * @throws {TypeError} when another borrower has given one of the variables another value
 * @throws {Deno.errors.NotCapable} when the environment may not be read and written
 */
export function borrowVariables(
  variables: Readonly<Record<string, string | undefined>>,
): () => void {
  for (const [name, value] of Object.entries(variables)) {
    const other = borrowed.get(name);
    if (other === undefined || other.value === value) continue;
    throw new TypeError(
      `Cannot set environment variable ${name} to ${JSON.stringify(value) ?? "nothing"}: ` +
        `another server under test has it as ${
          JSON.stringify(other.value) ?? "unset"
        }, and the environment ` +
        "belongs to the whole process; shut that server down first",
    );
  }
  const names: string[] = [];
  const giveBack = () => {
    for (const name of names.splice(0)) returnVariable(name);
  };
  try {
    for (const [name, value] of Object.entries(variables)) {
      borrowVariable(name, value);
      names.push(name);
    }
  } catch (error) {
    giveBack();
    throw error;
  }
  return giveBack;
}

function borrowVariable(name: string, value: string | undefined): void {
  const other = borrowed.get(name);
  if (other !== undefined) {
    other.borrowers++;
    return;
  }
  const before = Deno.env.get(name);
  setVariable(name, value);
  borrowed.set(name, { value, before, borrowers: 1 });
}

function returnVariable(name: string): void {
  const own = borrowed.get(name);
  if (own === undefined || --own.borrowers > 0) return;
  borrowed.delete(name);
  setVariable(name, own.before);
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) Deno.env.delete(name);
  else Deno.env.set(name, value);
}
