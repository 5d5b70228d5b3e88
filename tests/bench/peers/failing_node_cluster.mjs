// node:cluster with handlers that misbehave, as a careful team writes it: a handler's throw is answered with 500, as frameworks do; a
// worker in which something goes uncaught says so, is replaced at once, finishes what is under way, and ends; whoever ends without
// a word is replaced, too; SIGTERM drains and SIGHUP replaces one worker after the other.

import cluster from "node:cluster";
import { createServer } from "node:http";
import process from "node:process";
import { answerAt } from "./misbehaviour.js";
import { hostname, port, workers } from "./settings.js";

/** How long a worker may take to finish what is under way; Mudpie's default is the same. */
const DRAIN_MS = 30_000;

function runPrimary() {
  /** Workers that are to end, or have ended: they count no more. */
  const leaving = new Set();
  let isStopping = false;

  const staying = () => Object.values(cluster.workers).filter(({ id }) => !leaving.has(id));

  function fillUp() {
    for (let count = staying().length; count < workers && !isStopping; count++) cluster.fork();
  }

  function drain(worker) {
    leaving.add(worker.id);
    worker.send("drain");
    const overdue = setTimeout(() => worker.process.kill("SIGKILL"), DRAIN_MS);
    worker.once("exit", () => clearTimeout(overdue));
  }

  async function reload() {
    for (const old of staying()) {
      const fresh = cluster.fork();
      await new Promise((resolve) => fresh.once("listening", resolve));
      drain(old);
    }
  }

  cluster.on("message", (worker, message) => {
    if (message !== "failed") return;
    leaving.add(worker.id);
    fillUp();
  });
  cluster.on("exit", (worker) => {
    leaving.add(worker.id);
    fillUp();
    if (isStopping && Object.keys(cluster.workers).length === 0) process.exit(0);
  });
  process.on("SIGTERM", () => {
    isStopping = true;
    staying().forEach(drain);
  });
  process.on("SIGHUP", reload);
  fillUp();
}

function runWorker() {
  let isDraining = false;

  const server = createServer(async (request, response) => {
    const answer = (status, text) => {
      if (isDraining) response.setHeader("Connection", "close");
      response.writeHead(status, {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": Buffer.byteLength(text),
      });
      response.end(text);
    };
    try {
      answer(200, await answerAt(request.url));
    } catch (error) {
      console.error(error);
      answer(500, "Internal Server Error");
    }
  });

  function drain(code) {
    if (isDraining) return;
    isDraining = true;
    process.exitCode = code;
    // To disconnect goes there and back, so that a connection that is on its way here goes to another worker. To exit at once loses it.
    server.close(() => cluster.worker.disconnect());
    setTimeout(() => process.exit(code), DRAIN_MS).unref();
  }

  function fail(error) {
    console.error(error);
    if (!isDraining) process.send("failed");
    drain(1);
  }

  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  process.on("message", (message) => message === "drain" && drain(0));
  process.on("disconnect", () => process.exit());
  // Its primary decides; a terminal sends signals to the whole group.
  process.on("SIGTERM", () => {});
  server.listen(port, hostname);
}

if (cluster.isPrimary) runPrimary();
else runWorker();
