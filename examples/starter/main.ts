// The application: a small JSON API with a database.
//
//   deno task start
//   curl -i -d '{"title":"buy flour"}' http://127.0.0.1:8000/tasks
//   curl -i http://127.0.0.1:8000/tasks/1
//
// HOST, PORT and DATABASE come from the environment; MUDPIE_WORKERS is the number of workers.

import { HttpError, type WebRequest, WebResponse, WebServer } from "@mudpie/server";
import { type Task, Tasks } from "./database.ts";

const MAX_TITLE_LENGTH = 200;

/** Makes the server. A test passes tasks of its own, and asks `server.fetch`. */
export function createServer(tasks: Tasks): WebServer {
  const server = new WebServer({ maxBodyBytes: 10_000, errorFormat: "problem" });

  // For front ends and containers.
  server.addExactPath("/health", () => WebResponse.text("ok"));

  server.addExactPath("/tasks", {
    GET: () => WebResponse.json(tasks.list()),
    POST: (req) => {
      const task = tasks.add(readTitle(req));
      return WebResponse.json(task, { status: 201, headers: { location: `/tasks/${task.id}` } });
    },
  });

  // `req.params.id` is typed by the path.
  server.addExactPath("/tasks/:id", {
    GET: (req) => WebResponse.json(found(tasks.find(readId(req.params.id)))),
  });
  server.addExactPath("/tasks/:id/done", {
    PUT: (req) => {
      if (!tasks.complete(readId(req.params.id))) throw new HttpError(404, "There is no such task");
      return WebResponse.empty();
    },
  });

  return server;
}

/** Reads a body such as `{"title": "buy flour"}`. What a client gets wrong is an answer, no panic. */
function readTitle(req: WebRequest): string {
  const body = req.json<{ title?: unknown } | null>();
  const title = body?.title;
  if (typeof title !== "string" || title === "" || title.length > MAX_TITLE_LENGTH) {
    throw new HttpError(422, `Send {"title": "..."} with 1 to ${MAX_TITLE_LENGTH} characters`);
  }
  return title;
}

function readId(text: string): number {
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id < 1) {
    throw new HttpError(400, "An id is a whole number from 1");
  }
  return id;
}

function found(task: Task | undefined): Task {
  if (task === undefined) throw new HttpError(404, "There is no such task");
  return task;
}

// True on the main thread and in the workers; false when a test imports this module.
if (import.meta.main) {
  const tasks = new Tasks(Deno.env.get("DATABASE") ?? "tasks.sqlite");
  const server = createServer(tasks);
  server.onShutdown(() => tasks.close());
  await server.run({
    hostname: Deno.env.get("HOST") ?? "127.0.0.1",
    port: Number(Deno.env.get("PORT") ?? 8000),
  });
}
