// Stands in for `@std/testing/bdd` on a network that does not reach JSR: describe(), it() and their
// hooks, as steps of `Deno.test()`.
//
// `node:test` has the same functions, but under Deno 2.9 its tests stay green when afterEach()
// throws, when a timer throws while a test waits, and when a test calls `Deno.exit(0)`.

/** What describe() and it() take beside a name and a body. */
export interface TestOptions {
  /** Show the test, and do not run it. */
  ignore?: boolean;
  /** Run this test and leave out its neighbours; `deno test` then fails, as a reminder. */
  only?: boolean;
  sanitizeExit?: boolean;
  sanitizeOps?: boolean;
  sanitizeResources?: boolean;
}

type SuiteBody = () => void;
type TestBody = (context: Deno.TestContext) => void | Promise<void>;
type Hook = () => void | Promise<void>;

interface Test {
  kind: "test";
  name: string;
  options: TestOptions;
  body: TestBody;
}

interface Suite {
  kind: "suite";
  name: string;
  options: TestOptions;
  members: (Suite | Test)[];
  beforeAll: Hook[];
  beforeEach: Hook[];
  afterEach: Hook[];
  afterAll: Hook[];
}

/** The suite whose body is running, which is where tests and hooks go. */
let openSuite: Suite | undefined;

interface Register<Body> {
  (name: string, body: Body): void;
  (name: string, options: TestOptions, body: Body): void;
}

interface RegisterWithVariants<Body> extends Register<Body> {
  ignore: Register<Body>;
  skip: Register<Body>;
  only: Register<Body>;
}

/** Groups tests. Everything inside is registered while `body` runs, so it cannot be asynchronous. */
export const describe: RegisterWithVariants<SuiteBody> = withVariants((name, options, body) => {
  const suite: Suite = {
    kind: "suite",
    name,
    options,
    members: [],
    beforeAll: [],
    beforeEach: [],
    afterEach: [],
    afterAll: [],
  };
  const outerSuite = openSuite;
  openSuite = suite;
  try {
    const returned: unknown = body();
    if (returned instanceof Promise) {
      throw new TypeError(
        `Cannot describe ${JSON.stringify(name)}: its body returned a promise, ` +
          `so tests would be registered too late to run`,
      );
    }
  } finally {
    openSuite = outerSuite;
  }
  register(suite);
});

/** Adds a test. */
export const it: RegisterWithVariants<TestBody> = withVariants((name, options, body) => {
  register({ kind: "test", name, options, body });
});

export { it as test };

export function beforeAll(hook: Hook): void {
  suiteForHook("beforeAll").beforeAll.push(hook);
}

export function beforeEach(hook: Hook): void {
  suiteForHook("beforeEach").beforeEach.push(hook);
}

export function afterEach(hook: Hook): void {
  suiteForHook("afterEach").afterEach.push(hook);
}

export function afterAll(hook: Hook): void {
  suiteForHook("afterAll").afterAll.push(hook);
}

export { afterAll as after, beforeAll as before };

function suiteForHook(hookName: string): Suite {
  if (openSuite === undefined) {
    throw new TypeError(`Cannot add a hook: ${hookName}() belongs in the body of a describe()`);
  }
  return openSuite;
}

function withVariants<Body>(
  add: (name: string, options: TestOptions, body: Body) => void,
): RegisterWithVariants<Body> {
  const variant = (forced: TestOptions): Register<Body> => {
    return (name: string, ...rest: [Body] | [TestOptions, Body]) => {
      if (rest.length === 1) add(name, forced, rest[0]);
      else add(name, { ...rest[0], ...forced }, rest[1]);
    };
  };
  const ignore = variant({ ignore: true });
  return Object.assign(variant({}), { ignore, skip: ignore, only: variant({ only: true }) });
}

function register(member: Suite | Test): void {
  if (openSuite !== undefined) {
    openSuite.members.push(member);
    return;
  }
  Deno.test({
    ...member.options,
    name: member.name,
    only: hasFocus(member),
    fn: (context) => run(member, context, []),
  });
}

function run(member: Suite | Test, context: Deno.TestContext, outer: Suite[]): Promise<void> {
  return member.kind === "suite"
    ? runSuite(member, context, outer)
    : runTest(member, context, outer);
}

async function runSuite(suite: Suite, context: Deno.TestContext, outer: Suite[]): Promise<void> {
  const someHaveFocus = suite.members.some(hasFocus);
  try {
    for (const hook of suite.beforeAll) await hook();
    for (const member of suite.members) {
      await context.step({
        ...member.options,
        name: member.name,
        ignore: member.options.ignore || (someHaveFocus && !hasFocus(member)),
        fn: (step) => run(member, step, [...outer, suite]),
      });
    }
  } finally {
    for (const hook of suite.afterAll) await hook();
  }
}

async function runTest(test: Test, context: Deno.TestContext, suites: Suite[]): Promise<void> {
  try {
    for (const suite of suites) {
      for (const hook of suite.beforeEach) await hook();
    }
    await test.body(context);
  } finally {
    for (const suite of suites.toReversed()) {
      for (const hook of suite.afterEach) await hook();
    }
  }
}

function hasFocus(member: Suite | Test): boolean {
  return member.options.only === true ||
    (member.kind === "suite" && member.members.some(hasFocus));
}
