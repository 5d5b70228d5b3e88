// Stands in for `@std/http/cookie` on a network that does not reach JSR: the same code, from npm.

// @ts-types="./cookie.d.ts"
export * from "deno-std/http/cookie.js";
