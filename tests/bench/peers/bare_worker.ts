// The floor of a start: the loop of bare.ts in a Web Worker, as `run()` serves.

new Worker(import.meta.resolve("./bare.ts"), { type: "module" });
