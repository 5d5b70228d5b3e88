// Writes a line to standard output for each step at the end of its workers, and has work that goes on after its responses.

import { fetchHandler, WebResponse, WebServer } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";
import { passGate } from "../servers/gate.ts";
import { delay, sendMail, tell } from "../servers/end_lines.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

server.addPath("/mail/:ms", (req) => {
  req.waitUntil(sendMail(Number(req.params.ms)));
  return WebResponse.text("accepted");
});

server.addPath("/late/:ms", (req) => {
  // Long after the response: the request is the only thing that is left of the exchange.
  setTimeout(() => {
    req.waitUntil(sendMail(Number(req.params.ms)));
    tell("mail begun");
  }, 100);
  return WebResponse.text("accepted");
});

server.addPath("/streamed/:ms", (req) =>
  new WebResponse(async function* () {
    yield "one ";
    await delay(1);
    req.waitUntil(sendMail(Number(req.params.ms)));
    yield "two";
  }()));

server.addPath("/panic/:ms", (req) => {
  req.waitUntil(sendMail(Number(req.params.ms)));
  throw new Error("a panic on purpose");
});

server.addPath("/gone/:port", async (req) => {
  const { signal } = req;
  const text = await passGate(Number(req.params.port));
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  req.waitUntil(sendMail(300));
  tell(`client gone ${text}`);
  return WebResponse.text("for no client");
});

server.addExactPath("/rejects", (req) => {
  req.waitUntil(Promise.reject(new Error("no mail server")));
  return WebResponse.text("accepted");
});

server.addExactPath("/hangs", (req) => {
  req.waitUntil(new Promise(() => {}));
  return WebResponse.text("accepted");
});

server.addExactPath("/registers", () => {
  server.onShutdown((reason) => tell(`late callback ${reason}`));
  return WebResponse.text("accepted");
});

const mounted = new WebServer();
mounted.addPath("/mounted/:ms", (req) => {
  req.waitUntil(sendMail(Number(req.params.ms)));
  mounted.onShutdown((reason) => tell(`mounted callback ${reason}`));
  return WebResponse.text("accepted");
});
server.addPath("/mounted", fetchHandler((request, info) => mounted.fetch(request, info)));

server.onShutdown(async function first(reason) {
  tell(`first callback ${reason}`);
  await delay(20);
  tell("first callback ended");
  if (options.callback === "floats") Promise.reject(new Error("nothing awaits this"));
});
server.onShutdown(async function second(reason) {
  tell(`second callback ${reason}`);
  if (options.callback === "throws") throw new Error("the second callback fails");
  if (options.callback === "hangs") await new Promise(() => {});
});

if (WebServer.isWorker) {
  for (const event of ["unload", "beforeunload"]) {
    globalThis.addEventListener(event, () => tell(event));
  }
  const { default: process } = await import("node:process");
  process.on("exit", () => tell("exit"));
}

await server.run(options.run ?? {});
await delay(5);
if (WebServer.isWorker) tell("code after run()");
