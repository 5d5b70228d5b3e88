// Makes objects that stand for one of the platform's (a `Request`, its `Headers`) until something
// asks for what only the platform's object has. The platform keeps the state of its objects in
// properties with symbols for keys, and looks nowhere else. So an object passes for one of the
// platform's if its prototype chain ends in the platform's prototype, and these properties lead to
// a real object. `lazy_self_test.ts` checks that at run time.

/** Returns the keys under which the platform keeps the state of an object. */
export function stateKeysOf(object: object): symbol[] {
  return Object.getOwnPropertySymbols(object);
}

/** Returns the key of a property of the platform's object that has a value of the wanted kind. */
export function stateKeyOf(object: object, isWanted: (value: unknown) => boolean): symbol {
  const key = stateKeysOf(object).find((key) => isWanted(Reflect.get(object, key)));
  if (key === undefined) {
    throw new TypeError(`This Deno keeps the state of ${object.constructor.name} in another way`);
  }
  return key;
}

/**
 * Gives the prototype of a class what code finds when it looks at the platform's: the constructor,
 * and the properties that `for in` lists.
 */
export function resemble(prototype: object, platform: object): void {
  for (const key of Reflect.ownKeys(prototype)) {
    const { value, enumerable } = Object.getOwnPropertyDescriptor(platform, key) ?? {};
    Object.defineProperty(prototype, key, key === "constructor" ? { value } : { enumerable });
  }
}

/**
 * Puts the platform's prototype at the end of the prototype chain of a class, and leads the
 * properties `keys` of its objects to their real ones. What the class does not define itself then
 * comes from the platform, and works on the real object.
 */
export function standFor<Lazy extends object>(
  prototype: Lazy,
  platform: object,
  keys: readonly symbol[],
  realOf: (lazy: Lazy) => object,
): void {
  Object.setPrototypeOf(prototype, platform);
  resemble(prototype, platform);
  for (const key of keys) {
    Object.defineProperty(prototype, key, {
      configurable: true,
      get(this: Lazy): unknown {
        return Reflect.get(realOf(this), key);
      },
      set(this: Lazy, value: unknown): void {
        Reflect.set(realOf(this), key, value);
      },
    });
  }
}
