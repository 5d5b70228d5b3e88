// An application that can bear 200 requests a second in one worker, for two reasons: /compute uses the
// processor for 5 ms, and /wait needs one of ten places, each for 50 ms, as of a pool of connections
// to a database.

const COMPUTING_MS = 5;
const PLACES = 10;
const PLACE_MS = 50;

let free = PLACES;
const queue = [];

async function waitForPlace() {
  if (free > 0) free--;
  else await new Promise((resolve) => queue.push(resolve));
  await new Promise((resolve) => setTimeout(resolve, PLACE_MS));
  const next = queue.shift();
  if (next === undefined) free++;
  else next();
}

function compute() {
  const until = performance.now() + COMPUTING_MS;
  while (performance.now() < until);
}

const HELLO = "Hello World";

export default {
  async fetch({ url }) {
    if (url.endsWith("/compute")) compute();
    else if (url.endsWith("/wait")) await waitForPlace();
    return new Response(HELLO);
  },
};
