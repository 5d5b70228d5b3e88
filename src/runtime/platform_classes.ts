// The platform's own classes, whatever an application makes of their global names later: polyfills
// and adapters replace `Response` or `Request` when they are loaded.
// Nothing is loaded before it is asked for: the platform loads the code of a class when its global
// name is read, so this notes how the name is read.

/** The classes that applications replace. */
interface PlatformClasses {
  readonly Headers: typeof Headers;
  readonly Request: typeof Request;
  readonly Response: typeof Response;
}

type ClassName = keyof PlatformClasses;

/** How each name was defined before the application could run. */
const descriptors: Readonly<Record<ClassName, PropertyDescriptor | undefined>> = {
  Headers: Object.getOwnPropertyDescriptor(globalThis, "Headers"),
  Request: Object.getOwnPropertyDescriptor(globalThis, "Request"),
  Response: Object.getOwnPropertyDescriptor(globalThis, "Response"),
};

const loaded: Partial<Record<ClassName, unknown>> = {};

/** Returns a class of the platform. */
export function platformClass<Name extends ClassName>(name: Name): PlatformClasses[Name] {
  const known = loaded[name] ??= load(name);
  return known as PlatformClasses[Name];
}

function load(name: ClassName): unknown {
  return valueOf(descriptors[name], globalThis);
}

/** Returns the value of a property of `owner` that is, or was, defined so. */
export function valueOf(descriptor: PropertyDescriptor | undefined, owner: object): unknown {
  return descriptor?.get === undefined ? descriptor?.value : descriptor.get.call(owner);
}
