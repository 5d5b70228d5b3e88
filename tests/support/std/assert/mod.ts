// Stands in for `@std/assert` on a network that does not reach JSR: the same functions, taken from npm.

// @ts-types="./types.d.ts"
export * from "deno-std/assert/mod.js";
