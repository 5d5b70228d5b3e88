// `Deno.serve`: what Mudpie is measured by.

import { answer } from "./fetch_app.js";
import { hostname, port } from "./settings.js";

Deno.serve({ hostname, port, onListen: () => {} }, answer);
