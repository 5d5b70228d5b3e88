import { defineHandler } from "nitro/h3";

export default defineHandler(() =>
  ReadableStream.from(["one ", "two"]).pipeThrough(new TextEncoderStream())
);
