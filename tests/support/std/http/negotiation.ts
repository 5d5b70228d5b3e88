// Stands in for `@std/http/negotiation` on a network that does not reach JSR: the same code, from npm.

// @ts-types="./negotiation.d.ts"
export * from "deno-std/http/negotiation.js";
