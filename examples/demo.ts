// Shows what a server is made of: pages, a form, a method table, the request as the server sees it, and a panic that costs
// nobody but its own client anything.
//
//   deno run -A examples/demo.ts
//   curl -i http://127.0.0.1:8000/       # or open it in a browser
//   curl -i http://127.0.0.1:8000/panic  # a 500; then ask for any page again: it is there
//   MUDPIE_LOGGING=0 deno run -A examples/demo.ts & wrk -t1 -c64 http://127.0.0.1:8000/bench

import { HttpError, type WebRequest, WebResponse, WebServer } from "../mod.ts";

/** Text that comes from a client is never markup. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function page(title: string, body: string, status = 200): WebResponse {
  return WebResponse.html(
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>body { font-family: sans-serif; max-width: 40em; margin: 2em auto; padding: 0 1em }</style>
<h1>${escapeHtml(title)}</h1>
${body}
</html>
`,
    { status },
  );
}

function index(): WebResponse {
  return page(
    "Mudpie",
    `<p>This page came from ${escapeHtml(String(globalThis.name || "the main thread"))}.</p>
<ul>
<li><a href="/hello">/hello</a> says hello</li>
<li><a href="/request?from=index">/request</a> shows your request as the server sees it</li>
<li><a href="/form">/form</a> is a form, and its answer</li>
<li><a href="/counter">/counter</a> is a method table: GET, PUT and DELETE</li>
<li><a href="/panic">/panic</a> panics: you get a 500, and nobody else notices</li>
<li><a href="/bench">/bench</a> is a small answer for benchmarks</li>
</ul>`,
  );
}

function hello(_req: WebRequest): WebResponse {
  return page("Hello World!", "");
}

function showRequest(req: WebRequest): WebResponse {
  const head = [...req.headers].map(([name, value]) => `${name}: ${value}`);
  const { hostname, port } = req.remoteAddr;
  return page(
    "Your request",
    `<p>It came from ${escapeHtml(hostname)}, port ${port}, for the path <code>${
      escapeHtml(req.path)
    }</code>.</p>
<pre>${escapeHtml([`${req.method} ${req.target}`, ...head].join("\n"))}</pre>`,
  );
}

function showForm(): WebResponse {
  return page(
    "A form",
    `<form method="post" action="/form">
<p><label>Your name <input name="name" required></label></p>
<p><label>Your words <textarea name="words"></textarea></label></p>
<p><button>Send</button></p>
</form>`,
  );
}

async function takeForm(req: WebRequest): Promise<WebResponse> {
  const form = await req.formData();
  const name = form.get("name");
  if (typeof name !== "string" || name === "") {
    throw new HttpError(422, "The form has no name in it");
  }
  const words = String(form.get("words") ?? "");
  return page(
    `Thank you, ${name}`,
    `<p>You wrote ${words.length} characters:</p><pre>${escapeHtml(words)}</pre>`,
  );
}

// Workers share no variables: each counts for itself, and a replacement begins anew. What has to be the same everywhere
// belongs into a database; examples/rest_api.ts has one.
let counter = 0;

function showCounter(): WebResponse {
  return WebResponse.json({ worker: globalThis.name, counter });
}

function setCounter(req: WebRequest): WebResponse {
  const value = req.json();
  if (typeof value !== "number") throw new HttpError(422, "Send a number as JSON");
  counter = value;
  return showCounter();
}

function resetCounter(): WebResponse {
  counter = 0;
  return WebResponse.empty();
}

function panic(): WebResponse {
  throw new Error("This handler panics on purpose");
}

function bench(): WebResponse {
  return WebResponse.text("Hello World!");
}

const server = new WebServer();
server.addExactPath("/", index);
server.addPath("/hello", hello);
server.addPath("/request", showRequest);
server.addPath("/form", { GET: showForm, POST: takeForm });
server.addExactPath("/counter", { GET: showCounter, PUT: setCounter, DELETE: resetCounter });
server.addPath("/panic", panic);
server.addExactPath("/bench", bench);
await server.run("127.0.0.1", 8000, 4);
