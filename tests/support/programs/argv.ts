// A program that knows by its arguments that it is the main module.

import process from "node:process";
import { fileURLToPath } from "node:url";

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  Deno.serve(() => Response.json({ args: Deno.args, words: process.argv.slice(2) }));
}
