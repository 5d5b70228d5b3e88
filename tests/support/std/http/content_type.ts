// The media type of a file name extension, for the file server.

// @ts-types="./content_type.d.ts"
export { contentType } from "deno-std/media_types/content_type.js";
