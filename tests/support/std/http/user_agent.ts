// Stands in for `@std/http/user-agent` on a network that does not reach JSR: the same code, from npm.

// @ts-types="./user_agent.d.ts"
export * from "deno-std/http/user_agent.js";
