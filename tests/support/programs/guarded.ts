#!/usr/bin/env -S deno run --allow-net
// A program that serves only as the main module, from a function that it does not await.

async function main(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  Deno.serve(() => new Response(`main: ${import.meta.main}`));
}

if (import.meta.main) main();
