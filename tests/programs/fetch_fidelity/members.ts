// What the cases do with each member of Request, Response and Headers. A test compares the names
// with those of the prototypes that this Deno has, so that no new member is missed.

/** Uses one member, and returns what can be compared. */
type Use<Object> = (object: Object) => unknown;

/** Collects the parts of a stream. */
export async function collect(stream: AsyncIterable<unknown> | null): Promise<unknown> {
  if (stream === null) return null;
  const parts: unknown[] = [];
  for await (const part of stream) parts.push(part);
  if (!parts.every((part) => part instanceof Uint8Array)) return parts.join("");
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/** The text of a blob, and its type. */
async function contentOf(blob: Promise<Blob>): Promise<unknown> {
  const { type } = await blob;
  return { type, text: await (await blob).text() };
}

async function entriesOf(form: Promise<FormData>): Promise<unknown> {
  const entries = [...await form].map(async ([name, value]) => [
    name,
    typeof value === "string" ? value : [value.name, value.type, await value.text()],
  ]);
  return await Promise.all(entries);
}

/** Looks up a symbol of the platform's own by its description. */
export function symbolOf(prototype: object, name: string): symbol {
  const symbol = Object.getOwnPropertySymbols(prototype).find((one) => String(one) === name);
  if (symbol === undefined) throw new Error(`There is no ${name}`);
  return symbol;
}

/** The value of a symbol of the platform's own. */
function ownSymbol<Object extends object>(prototype: object, name: string): Use<Object> {
  return (object) => {
    const value = (object as Record<symbol, unknown>)[symbolOf(prototype, name)];
    return value instanceof Headers ? [...value] : typeof value;
  };
}

type WithBody = Request | Response;
type TextStreaming = { textStream(): AsyncIterable<string> };

/** Shows a request as the console does, without its `redirect`, which is a member of its own. */
export function inspected(request: Request): string {
  return Deno.inspect(request).replace(/redirect: .+,/, "redirect: any,");
}

/** The members that requests and responses share. */
const BODY_MEMBERS: Readonly<Record<string, Use<WithBody>>> = {
  headers: ({ headers }) => [...headers],
  body: async ({ body }) => [body?.constructor.name, body?.locked, await collect(body)],
  bodyUsed: ({ bodyUsed }) => bodyUsed,
  arrayBuffer: (object) => object.arrayBuffer(),
  blob: (object) => contentOf(object.blob()),
  bytes: (object) => object.bytes(),
  formData: (object) => entriesOf(object.formData()),
  json: (object) => object.json(),
  text: (object) => object.text(),
  textStream: (object) => collect((object as unknown as TextStreaming).textStream()),
  "Symbol(Symbol.toStringTag)": (object) => object[Symbol.toStringTag as never],
};

/** All members of a request. */
export const REQUEST_MEMBERS: Readonly<Record<string, Use<Request>>> = {
  ...BODY_MEMBERS,
  constructor: (request: Request) => request.constructor === Request,
  method: ({ method }) => method,
  url: ({ url }) => url,
  redirect: ({ redirect }) => redirect,
  cache: ({ cache }) => cache,
  credentials: ({ credentials }) => credentials,
  integrity: ({ integrity }) => integrity,
  keepalive: ({ keepalive }) => keepalive,
  mode: ({ mode }) => mode,
  referrer: ({ referrer }) => referrer,
  referrerPolicy: ({ referrerPolicy }) => referrerPolicy,
  signal: ({ signal }) => [signal instanceof AbortSignal, signal.aborted],
  clone: async (request) => {
    const copy = request.clone();
    const { method, url, bodyUsed } = copy;
    return [method, url, bodyUsed, [...copy.headers], await copy.text()];
  },
  "Symbol(headers)": ownSymbol(Request.prototype, "Symbol(headers)"),
  "Symbol(signal)": ownSymbol(Request.prototype, "Symbol(signal)"),
  "Symbol(mime type)": ownSymbol(Request.prototype, "Symbol(mime type)"),
  "Symbol(body)": ownSymbol(Request.prototype, "Symbol(body)"),
  "Symbol(Deno.privateCustomInspect)": inspected,
  "Symbol([[NotSerializable]])": (request) => structuredClone(request),
};

/** All members of a response. */
export const RESPONSE_MEMBERS: Readonly<Record<string, Use<Response>>> = {
  ...BODY_MEMBERS,
  constructor: (response: Response) => response.constructor === Response,
  type: ({ type }) => type,
  url: ({ url }) => url,
  redirected: ({ redirected }) => redirected,
  status: ({ status }) => status,
  ok: ({ ok }) => ok,
  statusText: ({ statusText }) => statusText,
  clone: async (response) => {
    const copy = response.clone();
    return [copy.status, copy.bodyUsed, [...copy.headers], await copy.text()];
  },
  "Symbol(mime type)": ownSymbol(Response.prototype, "Symbol(mime type)"),
  "Symbol(body)": ownSymbol(Response.prototype, "Symbol(body)"),
  "Symbol(Deno.privateCustomInspect)": (response) => Deno.inspect(response),
  "Symbol([[NotSerializable]])": (response) => structuredClone(response),
};

/** All members of headers. */
export const HEADERS_MEMBERS: Readonly<Record<string, Use<Headers>>> = {
  constructor: (headers: Headers) => headers.constructor === Headers,
  append: (headers) => [headers.append("x-twice", "three"), [...headers]],
  delete: (headers) => [headers.delete("x-twice"), [...headers]],
  get: (headers) => ["x-twice", "X-TWICE", "cookie", "x-none"].map((name) => headers.get(name)),
  getSetCookie: (headers) => headers.getSetCookie(),
  has: (headers) => ["x-twice", "X-TWICE", "x-none"].map((name) => headers.has(name)),
  set: (headers) => [headers.set("x-twice", "three"), [...headers]],
  entries: (headers) => [...headers.entries()],
  keys: (headers) => [...headers.keys()],
  values: (headers) => [...headers.values()],
  forEach: (headers) => {
    const seen: unknown[] = [];
    headers.forEach(function (this: unknown, value, name, parent) {
      seen.push([name, value, parent === headers, this === seen]);
    }, seen);
    return seen;
  },
  "Symbol(iterable headers)": (headers) => {
    const symbol = symbolOf(Headers.prototype, "Symbol(iterable headers)");
    return (headers as unknown as Record<symbol, unknown>)[symbol];
  },
  "Symbol(Deno.privateCustomInspect)": (headers) => Deno.inspect(headers),
  "Symbol(Symbol.iterator)": (headers) => [...headers],
  "Symbol(Symbol.toStringTag)": (headers) => headers[Symbol.toStringTag as never],
  "Symbol([[NotSerializable]])": (headers) => structuredClone(headers),
};
