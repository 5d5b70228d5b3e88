// Stands in for `@std/http/etag` on a network that does not reach JSR: the same code, from npm.

// @ts-types="./etag.d.ts"
export * from "deno-std/http/etag.js";
