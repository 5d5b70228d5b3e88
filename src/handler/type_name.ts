// Names the type of a value in a message.

/** Returns the name of the value's class if it has one; else the value's type. */
export function nameOfType(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name || "object";
}
