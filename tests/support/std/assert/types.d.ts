// The types of the assertions that our tests use: the package on npm comes without.
// None takes more, or promises more, than its original on JSR: what compiles here compiles there.

type Constructor<Instance> = abstract new (...args: never[]) => Instance;

export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions);
}

export function assert(condition: unknown, message?: string): asserts condition;
export function assertFalse(condition: unknown, message?: string): asserts condition is false;
export function assertExists<Value>(
  actual: Value,
  message?: string,
): asserts actual is NonNullable<Value>;
export function assertInstanceOf<Instance>(
  actual: unknown,
  expectedType: Constructor<Instance>,
  message?: string,
): asserts actual is Instance;

export function assertEquals<Value>(actual: Value, expected: Value, message?: string): void;
export function assertNotEquals<Value>(actual: Value, expected: Value, message?: string): void;
export function assertStrictEquals<Value>(
  actual: unknown,
  expected: Value,
  message?: string,
): asserts actual is Value;
export function assertObjectMatch(
  actual: Record<PropertyKey, unknown>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void;
export function assertArrayIncludes<Item>(
  actual: ArrayLike<Item> & object,
  expected: ArrayLike<Item> & object,
  message?: string,
): void;

export function assertStringIncludes(actual: string, expected: string, message?: string): void;
export function assertMatch(actual: string, expected: RegExp, message?: string): void;
export function assertNotMatch(actual: string, expected: RegExp, message?: string): void;

export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
): void;
export function assertGreater<Value>(actual: Value, expected: Value, message?: string): void;
export function assertGreaterOrEqual<Value>(actual: Value, expected: Value, message?: string): void;
export function assertLess<Value>(actual: Value, expected: Value, message?: string): void;
export function assertLessOrEqual<Value>(actual: Value, expected: Value, message?: string): void;

export function assertThrows(body: () => unknown, message?: string): unknown;
export function assertThrows<Thrown extends Error>(
  body: () => unknown,
  expectedType: Constructor<Thrown>,
  messageIncludes?: string,
  message?: string,
): Thrown;
export function assertRejects(body: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
export function assertRejects<Thrown extends Error>(
  body: () => PromiseLike<unknown>,
  expectedType: Constructor<Thrown>,
  messageIncludes?: string,
  message?: string,
): Promise<Thrown>;

export function fail(message?: string): never;
export function unreachable(message?: string): never;
