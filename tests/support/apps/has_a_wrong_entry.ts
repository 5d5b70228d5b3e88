// Lets the workers load another module than this one, which does not load Mudpie at all.

import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);

await appServer(options).run({ ...options.run, entry: import.meta.resolve("./loads_nothing.ts") });
