// Whether a promise settles without really waiting for anything: what an async function gives that has nothing to wait for takes
// some turns of the microtask queue, and nothing else happens meanwhile.

/** Whether the promise settles within that many turns of the microtask queue. */
export async function settlesWithin(promise: Promise<unknown>, turns: number): Promise<boolean> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  for (let turn = 0; turn < turns && !isSettled; turn++) await undefined;
  return isSettled;
}
