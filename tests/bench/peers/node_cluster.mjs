// Node's `http` with `node:cluster`: one primary process, which accepts and hands the connections on, and the workers.

import cluster from "node:cluster";
import { createServer } from "node:http";
import { BYTES_10K, BYTES_64K, formAnswer, HELLO, profileOf, statusOf } from "./answers.js";
import { HTML_PAGES, JSON_PAGES } from "./pages.js";
import { hostname, port, workers } from "./settings.js";

const TEXT = "text/plain; charset=utf-8";
const HTML = "text/html; charset=utf-8";

function answer(response, contentType, body, fields = {}) {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  response.writeHead(200, { "Content-Type": contentType, "Content-Length": length, ...fields });
  response.end(body);
}

const NOT_STORED = { "Cache-Control": "no-store" };

function answerUpload(request, response) {
  readBody(request, (body) => answer(response, TEXT, String(body.length)));
}

/** Node has no parser of forms but that of the platform's own Response. */
async function answerForm(request, response, body) {
  const headers = { "content-type": request.headers["content-type"] };
  const form = await new Response(body, { headers }).formData();
  answerJson(response, formAnswer(form));
}

/** Calls back with the whole body. */
function readBody(request, withBody) {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => withBody(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)));
}

function answerJson(response, value) {
  answer(response, "application/json", JSON.stringify(value));
}

const handlers = new Map([
  ["/hello", (_request, response) => answer(response, TEXT, HELLO)],
  ["/hello-async", async (_request, response) => {
    await undefined;
    answer(response, TEXT, HELLO);
  }],
  ["/hello-fields", (_request, response) => answer(response, TEXT, HELLO, NOT_STORED)],
  ["/hello-fields-async", async (_request, response) => {
    await undefined;
    answer(response, TEXT, HELLO, NOT_STORED);
  }],
  ["/status", (_request, response) => answerJson(response, statusOf())],
  [
    "/orders",
    (request, response) =>
      readBody(request, (body) => answerJson(response, JSON.parse(body.toString()))),
  ],
  ["/uploads", answerUpload],
  ["/uploads-buffer", answerUpload],
  [
    "/forms",
    (request, response) => readBody(request, (body) => answerForm(request, response, body)),
  ],
  ["/bytes-10k", (_request, response) => answer(response, "application/octet-stream", BYTES_10K)],
  ["/bytes-64k", (_request, response) => answer(response, "application/octet-stream", BYTES_64K)],
]);

for (const { path, render } of HTML_PAGES) {
  handlers.set(path, (_request, response) => answer(response, HTML, render()));
}
for (const { path, value } of JSON_PAGES) {
  handlers.set(path, (_request, response) => answerJson(response, value()));
}

const USERS = "/users/";
const PROFILE = "/profile";
const ROUTES = "/api/";

function profile(request, response, path, query) {
  const { headers } = request;
  answerJson(
    response,
    profileOf(
      decodeURIComponent(path.slice(USERS.length, -PROFILE.length)),
      new URLSearchParams(query).get("tab"),
      headers.cookie,
      headers["user-agent"],
      headers["accept-language"],
    ),
  );
}

function dispatch(request, response) {
  const { url } = request;
  const question = url.indexOf("?");
  const path = question < 0 ? url : url.slice(0, question);
  const handler = handlers.get(path);
  if (handler !== undefined) return handler(request, response);
  if (path.startsWith(USERS) && path.endsWith(PROFILE)) {
    return profile(request, response, path, question < 0 ? "" : url.slice(question + 1));
  }
  if (path.startsWith(ROUTES)) return answer(response, TEXT, HELLO);
  response.writeHead(404).end("Not Found");
}

if (cluster.isPrimary) {
  for (let i = 0; i < workers; i++) cluster.fork();
  // A worker ends when its primary is gone, but not when that is killed before it could say so.
} else {
  process.on("disconnect", () => process.exit());
  createServer(dispatch).listen(port, hostname);
}
