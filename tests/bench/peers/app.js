// The application that the environment names: the servers of fetch-style applications all serve it from the one file.

import { setting } from "./settings.js";

export const { default: app } = await import(`./${setting("BENCH_APP")}`);
