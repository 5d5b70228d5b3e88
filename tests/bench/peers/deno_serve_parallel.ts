// `deno serve --parallel`, which has as many threads as DENO_JOBS says.

import { answer } from "./fetch_app.js";

export default { fetch: answer } satisfies Deno.ServeDefaultExport;
