// `Deno.serve` with the application that the environment names.

import { app } from "./app.js";
import { hostname, port } from "./settings.js";

Deno.serve({ hostname, port, onListen: () => {} }, app.fetch);
