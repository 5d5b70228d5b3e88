// Stands in for `@std/http/server-sent-event-stream` on a network that does not reach JSR: the same code, from npm.

// @ts-types="./server_sent_event_stream.d.ts"
export * from "deno-std/http/server_sent_event_stream.js";
