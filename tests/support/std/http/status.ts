// Stands in for `@std/http/status` on a network that does not reach JSR: the same code, from npm.

// @ts-types="./status.d.ts"
export * from "deno-std/http/status.js";
