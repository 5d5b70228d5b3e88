// The many routes of the benchmark: three or four segments, every other one with a parameter. All of the same length, so
// that the number of routes is the only thing that changes. Plain JavaScript, for every runtime.

/** How many routes share their second segment. */
const ROUTES_IN_GROUP = 100;

const GROUP_DIGITS = 4;
const ITEM_DIGITS = 3;

/**
 * The pattern of one route, as Mudpie and Hono write it.
 * @param {number} index
 * @returns {string}
 */
export function routePattern(index) {
  return routeStart(index) + (index % 2 === 0 ? "/edit" : "/:id");
}

/**
 * A path that matches that route, and none of the others.
 * @param {number} index
 * @returns {string}
 */
export function routePath(index) {
  return routeStart(index) + (index % 2 === 0 ? "/edit" : "/4711");
}

/**
 * @param {number} index
 * @returns {string}
 */
function routeStart(index) {
  const group = String(Math.floor(index / ROUTES_IN_GROUP)).padStart(GROUP_DIGITS, "0");
  const item = String(index % ROUTES_IN_GROUP).padStart(ITEM_DIGITS, "0");
  return `/api/group-${group}/item-${item}`;
}

/**
 * Which routes are asked for: the same list each time, in no order that a cache could learn.
 * @param {number} routes how many there are
 * @param {number} count how many are asked for
 * @returns {number[]}
 */
export function routesAtRandom(routes, count) {
  let state = 1;
  return Array.from({ length: count }, () => {
    // Numerical Recipes' linear congruential generator; its high bits are the good ones.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * routes);
  });
}
