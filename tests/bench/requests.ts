// The requests of the benchmark, byte by byte: what wrk sends is what the micro-benchmarks read, and what the check of
// the answers asks. Their Host never changes, so that a head has the same length whatever the port is.

/** A head without a body: the request line, and then the fields. */
function head(requestLine: string, ...fields: string[]): string {
  return [`${requestLine} HTTP/1.1`, "Host: 127.0.0.1:8000", ...fields, "", ""].join("\r\n");
}

/** A POST of text with only ASCII in it, so that its length in bytes is that in characters. */
function post(target: string, contentType: string, body: string): string {
  const fields = [`Content-Type: ${contentType}`, `Content-Length: ${body.length}`];
  return head(`POST ${target}`, ...fields) + body;
}

/** What the browser in {@linkcode BROWSER_HEAD} says, as far as a handler reads it. */
export const BROWSER = {
  id: "4711",
  tab: "posts",
  session: "f3a9c27be4d04b11",
  agent:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
  language: "en-GB,en;q=0.9",
} as const;

/** The head of a browser's request: 660 bytes, 13 fields. */
export const BROWSER_HEAD = head(
  `GET /users/${BROWSER.id}/profile?tab=${BROWSER.tab}&page=2`,
  "Connection: keep-alive",
  "Cache-Control: max-age=0",
  "Upgrade-Insecure-Requests: 1",
  `User-Agent: ${BROWSER.agent}`,
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-Dest: document",
  "Referer: http://127.0.0.1:8000/users?sort=name&page=3",
  "Accept-Encoding: gzip, deflate, br",
  `Accept-Language: ${BROWSER.language}`,
  `Cookie: theme=dark; visitor=8c1f0d2e57a94b63a15d0b7e92c4f816; session=${BROWSER.session}; consent=yes`,
);

/** The smallest head that is sent: what wrk makes of an address. */
export const HELLO_HEAD = head("GET /hello");
export const HELLO_ASYNC_HEAD = head("GET /hello-async");
export const HELLO_FIELDS_HEAD = head("GET /hello-fields");
export const HELLO_FIELDS_ASYNC_HEAD = head("GET /hello-fields-async");
export const STATUS_HEAD = head("GET /status");
/** One request for a connection. */
export const LAST_HELLO_HEAD = head("GET /hello", "Connection: close");
export const BYTES_10K_HEAD = head("GET /bytes-10k");
export const BYTES_64K_HEAD = head("GET /bytes-64k");

/** An order as a shop's front end would post it: 1 KiB of JSON, of all the types that JSON has. */
export const ORDER: string = orderOf(1_024);

function orderOf(bytes: number): string {
  const lines = Array.from({ length: 12 }, (_, index) => ({
    article: `A-${1_000 + index * 37}`,
    name: `article ${index}`,
    count: index + 1,
    price: 19.5 + index,
    gift: index % 2 === 0,
  }));
  const order = { customer: 4711, note: null as string | null, lines, comment: "" };
  const missing = bytes - JSON.stringify(order).length;
  return JSON.stringify({ ...order, comment: "x".repeat(missing) });
}

export const ORDER_REQUEST = post("/orders", "application/json", ORDER);

/** The same order from a client that does not know how long it is, in chunks of 256 bytes. */
export const CHUNKED_ORDER_REQUEST: string =
  head("POST /orders", "Content-Type: application/json", "Transfer-Encoding: chunked") +
  ORDER.replaceAll(/.{256}/g, "100\r\n$&\r\n") + "0\r\n\r\n";

/** What is uploaded is not looked at. */
export const UPLOAD_BYTES = 65_536;
export const UPLOAD_REQUEST = post("/uploads", "text/plain", "u".repeat(UPLOAD_BYTES));
/** The same for a handler that reads an `ArrayBuffer`. */
export const UPLOAD_BUFFER_REQUEST = UPLOAD_REQUEST.replace("/uploads", "/uploads-buffer");

/** A form of a contact page, and what the handler answers of it. */
export const FORM = {
  name: "Ada Lovelace",
  message: "The engine might compose elaborate pieces of music. ".repeat(5),
  file: "name,count\n" + "bolt,12\n".repeat(250),
} as const;

export const URLENCODED_REQUEST = post(
  "/forms",
  "application/x-www-form-urlencoded",
  new URLSearchParams({ name: FORM.name, message: FORM.message }).toString(),
);

const BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

/** A part of a multipart form. */
function part(parameters: string, value: string, ...fields: string[]): string {
  const disposition = `Content-Disposition: form-data; ${parameters}`;
  return [`--${BOUNDARY}`, disposition, ...fields, "", value, ""].join("\r\n");
}

/** The same form with a file of 2 KB. */
export const MULTIPART_REQUEST = post(
  "/forms",
  `multipart/form-data; boundary=${BOUNDARY}`,
  part('name="name"', FORM.name) + part('name="message"', FORM.message) +
    part('name="file"; filename="parts.csv"', FORM.file, "Content-Type: text/csv") +
    `--${BOUNDARY}--\r\n`,
);

/** How many requests a client sends before it waits for the answers, where it pipelines. */
export const PIPELINE_DEPTH = 16;

/** A request for that path, with nothing but its host. */
export function routedRequest(path: string): string {
  return head(`GET ${path}`);
}
