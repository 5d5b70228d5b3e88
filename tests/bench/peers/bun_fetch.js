// Bun's own server with the application that Deno.serve and Mudpie serve, by its `fetch`. `Bun.serve` has one thread.

import app from "./fetch_app.js";
import { hostname, port } from "./settings.js";

/** What Bun is called here, for checks that do not know it. */
const { Bun } = globalThis;

// Bun hangs up after 10 s by default; the others keep idle connections for longer.
Bun.serve({ hostname, port, idleTimeout: 75, fetch: app.fetch });
