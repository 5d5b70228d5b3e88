// The floor of a start: the loop of bare.ts in a thread of node:worker_threads, as the command line serves.

import { Worker as NodeWorker } from "node:worker_threads";

new NodeWorker(new URL(import.meta.resolve("./bare.ts")));
