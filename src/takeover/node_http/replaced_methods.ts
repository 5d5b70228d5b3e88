// Replaces methods of a class of the runtime, so that they look as those did.

/** Replaces methods of a prototype by those of `methods` with the same names. */
export function replaceMethods(prototype: object, methods: object): void {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(prototype, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
}
