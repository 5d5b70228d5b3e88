// Two ways to test: handlers alone, without a socket, and the whole program in real workers.

import { equal, match } from "node:assert/strict";
import { startServer } from "@mudpie/server/testing";
import { Tasks } from "./database.ts";
import { createServer } from "./main.ts";

function post(body: string): RequestInit {
  return { method: "POST", body, headers: { "content-type": "application/json" } };
}

Deno.test("a task is added, found and completed", async () => {
  const server = createServer(new Tasks(":memory:"));
  const ask = (path: string, init?: RequestInit) =>
    server.fetch(new Request(`http://localhost${path}`, init));

  const added = await ask("/tasks", post('{"title":"buy flour"}'));
  equal(added.status, 201);
  equal(added.headers.get("location"), "/tasks/1");
  equal((await ask("/tasks/1/done", { method: "PUT" })).status, 204);
  equal(await (await ask("/tasks/1")).text(), '{"id":1,"title":"buy flour","done":true}');
});

Deno.test("what a client gets wrong is a problem in JSON", async () => {
  const server = createServer(new Tasks(":memory:"));
  const cases = [
    { path: "/tasks", init: post("{"), status: 400 },
    { path: "/tasks", init: post("null"), status: 422 },
    { path: "/tasks", init: { method: "DELETE" }, status: 405 },
    { path: "/tasks/one", init: {}, status: 400 },
    { path: "/tasks/7", init: {}, status: 404 },
    { path: "/nowhere", init: {}, status: 404 },
  ];
  for (const { path, init, status } of cases) {
    const response = await server.fetch(new Request(`http://localhost${path}`, init));
    equal(response.status, status, path);
    match(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
    equal((await response.json()).status, status);
  }
});

Deno.test("the program keeps its tasks when a worker dies", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using server = await startServer(import.meta.resolve("./main.ts"), {
      env: { DATABASE: `${folder}/tasks.sqlite` },
    });
    equal((await server.fetch("/tasks", post('{"title":"buy flour"}'))).status, 201);
    const replaced = server.crash();
    equal((await (await server.fetch("/tasks/1")).json()).title, "buy flour");
    await replaced;
    equal((await (await server.fetch("/tasks/1")).json()).title, "buy flour");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
