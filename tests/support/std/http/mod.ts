// Stands in for `@std/http` on a network that does not reach JSR.

export * from "./cookie.ts";
export * from "./etag.ts";
export * from "./file_server.ts";
export * from "./negotiation.ts";
export * from "./server_sent_event_stream.ts";
export * from "./status.ts";
export * from "./user_agent.ts";
