// Ways in which handlers, honest ones and hostile ones, bring a value that is not theirs into the head of a response; responses
// that say what is not theirs to say; and what is no response at all. The app reflects.ts serves them.

import { type HandlerResult, HttpError, WebResponse } from "../../../mod.ts";

/** Which field the value is given back in. */
const NAME = "x-reflected";

/** A response whose headers somebody has looked at. */
function looked(): WebResponse {
  const response = WebResponse.text("body");
  response.headers.get(NAME);
  return response;
}

/** A text that is harmless when it is looked at for the first time. */
function twoFaced(value: string): string {
  let looks = 0;
  return { toString: () => looks++ === 0 ? "harmless" : value } as unknown as string;
}

/** An iterator in the place of the platform's own. */
function giveIterator(headers: Headers, fields: () => Iterable<[string, string]>): void {
  Object.defineProperty(headers, Symbol.iterator, { value: () => fields()[Symbol.iterator]() });
}

class LyingResponse extends WebResponse {
  lie = "";
  override get headers(): Headers {
    return new Headers({ [NAME]: this.lie });
  }
}

class LyingPlatformResponse extends Response {
  lie = "";
  override get headers(): Headers {
    const headers = new Headers();
    giveIterator(headers, () => [[NAME, this.lie]]);
    return headers;
  }
}

/** Gives a value back in the head of its response. */
type Reflect = (value: string) => HandlerResult;

/** The ways of an honest handler. */
export const HONEST_WAYS: Record<string, Reflect> = {
  "new WebResponse, an object": (value) => new WebResponse("body", { headers: { [NAME]: value } }),
  "new WebResponse, pairs": (value) => new WebResponse("body", { headers: [[NAME, value]] }),
  "new WebResponse, Headers": (value) =>
    new WebResponse("body", { headers: new Headers({ [NAME]: value }) }),
  "new WebResponse, the content type": (value) =>
    new WebResponse("body", { headers: { "content-type": value } }),
  "new WebResponse, the name": (value) => new WebResponse("body", { headers: { [value]: "1" } }),
  "WebResponse.text": (value) => WebResponse.text("body", { headers: { [NAME]: value } }),
  "WebResponse.html": (value) => WebResponse.html("body", { headers: { [NAME]: value } }),
  "WebResponse.json": (value) => WebResponse.json("body", { headers: { [NAME]: value } }),
  "WebResponse.bytes": (value) =>
    WebResponse.bytes(new Uint8Array(4), { headers: { [NAME]: value } }),
  "WebResponse.empty": (value) => WebResponse.empty(204, { headers: { [NAME]: value } }),
  "headers.set": (value) => {
    const response = WebResponse.text("body");
    response.headers.set(NAME, value);
    return response;
  },
  "headers.append": (value) => {
    const response = WebResponse.text("body", { headers: { [NAME]: "first" } });
    response.headers.append(NAME, value);
    return response;
  },
  "headers.set, the name": (value) => {
    const response = WebResponse.text("body");
    response.headers.set(value, "1");
    return response;
  },
  "headers.set, later": async (value) => {
    await Promise.resolve();
    const response = WebResponse.text("body");
    response.headers.set(NAME, value);
    return response;
  },
  "a cookie": (value) => {
    const response = WebResponse.text("body");
    response.headers.append("set-cookie", `name=${value}; HttpOnly`);
    return response;
  },
  "WebResponse.redirect": (value) => WebResponse.redirect(`/${value}`),
  "a Location": (value) => WebResponse.empty(302, { headers: { location: `/${value}` } }),
  "an HttpError's headers": (value) => {
    throw new HttpError(401, "body", { headers: { [NAME]: value } });
  },
  "an HttpError's headers, later": async (value) => {
    await Promise.resolve();
    throw new HttpError(401, "", { headers: new Headers({ [NAME]: value }) });
  },
  "an HttpError's message": (value) => {
    throw new HttpError(400, value);
  },
  "a plain Response": (value) => new Response("body", { headers: { [NAME]: value } }),
  "a plain Response, no body": (value) => new Response(null, { headers: { [NAME]: value } }),
  "a plain Response, append": (value) => {
    const response = new Response("body");
    response.headers.append(NAME, value);
    return response;
  },
  "a plain Response, its name": (value) => new Response("body", { headers: [[value, "1"]] }),
  "a plain Response, Location": (value) =>
    new Response(null, { status: 302, headers: { location: value } }),
  "Response.json": (value) => Response.json("body", { headers: { [NAME]: value } }),
  "a plain Response, statusText": (value) => new Response("body", { statusText: value }),
};

/** Ways that are malice, or those of a library that reaches behind what it was given. */
export const HOSTILE_WAYS: Record<string, Reflect> = {
  "Headers.prototype.set": (value) => {
    const response = looked();
    Headers.prototype.set.call(response.headers, NAME, value);
    return response;
  },
  "Headers.prototype.append": (value) => {
    const response = WebResponse.text("body", { headers: { [NAME]: "first" } });
    Headers.prototype.append.call(response.headers, NAME, value);
    return response;
  },
  "Headers.prototype.append, the name": (value) => {
    const response = looked();
    Headers.prototype.append.call(response.headers, value, "1");
    return response;
  },
  "headers.set, two-faced": (value) => {
    const response = WebResponse.text("body");
    response.headers.set(NAME, twoFaced(value));
    return response;
  },
  "headers.append, two-faced": (value) => {
    const response = WebResponse.text("body");
    response.headers.append(NAME, twoFaced(value));
    return response;
  },
  "new WebResponse, two-faced": (value) =>
    new WebResponse("body", { headers: { [NAME]: twoFaced(value) } }),
  "an iterator of the headers": (value) => {
    const response = looked();
    giveIterator(response.headers, () => [[NAME, value]]);
    return response;
  },
  "an iterator that throws": (value) => {
    const response = looked();
    giveIterator(response.headers, () => {
      throw new Error(value);
    });
    return response;
  },
  "an iterator of a plain Response": (value) => {
    const response = new Response("body");
    giveIterator(response.headers, () => [[NAME, value]]);
    return response;
  },
  "a subclass of WebResponse": (value) => {
    const response = new LyingResponse("body");
    response.lie = value;
    return response;
  },
  "a subclass of Response": (value) => {
    const response = new LyingPlatformResponse("body");
    response.lie = value;
    return response;
  },
  "a property named headers": (value) => {
    const headers = [[NAME, value]];
    return Object.defineProperty(WebResponse.text("body"), "headers", { value: headers });
  },
  "a plain Response's property named headers": (value) => {
    const headers = [[NAME, value]];
    return Object.defineProperty(new Response("body"), "headers", { value: headers });
  },
  "a property named status": (value) =>
    Object.defineProperty(WebResponse.text("body"), "status", { value }),
  "a plain Response's property named status": (value) =>
    Object.defineProperty(new Response("body"), "status", { value: `200 ${value}` }),
  "a proxy of a WebResponse": (value) =>
    new Proxy(WebResponse.text("body", { headers: { [NAME]: "first" } }), {
      get: (target, name) => name === "headers" ? [[NAME, value]] : Reflect.get(target, name),
    }),
  "a proxy of a Response": (value) =>
    new Proxy(new Response("body"), {
      get: (target, name) => name === "headers" ? [[NAME, value]] : Reflect.get(target, name),
    }),
  "headers that change behind the answer": async (value) => {
    await Promise.resolve();
    const response = looked();
    // In each of the turns in which somebody may be looking at them.
    (async () => {
      for (let turn = 0; turn < 30; turn++) {
        await undefined;
        Headers.prototype.set.call(response.headers, NAME, value);
      }
    })().catch(() => {});
    return response;
  },
  "headers that change while the body is read": (value) => {
    const response: Response = new Response(
      new ReadableStream({
        pull(controller) {
          response.headers.append(NAME, value);
          controller.enqueue(new Uint8Array(4));
          controller.close();
        },
      }, { highWaterMark: 0 }),
    );
    return response;
  },
};

/** What a handler says of its response that is the server's to say. */
export const OWN_FIELDS: [string, string][] = [
  ["Content-Length", "999"],
  ["content-length", "1"],
  ["Transfer-Encoding", "chunked"],
  ["Connection", "keep-alive, x-hop, upgrade"],
  ["Keep-Alive", "timeout=1"],
  ["Date", "today"],
  ["Trailer", "x-trailer"],
  ["TE", "trailers"],
];

/** Responses that say too much of themselves, or what no response can say. */
export const RESPONSES: Record<string, () => HandlerResult> = {
  "text": () => WebResponse.text("body", { headers: OWN_FIELDS }),
  "set": () => {
    const response = WebResponse.text("body");
    for (const [name, value] of OWN_FIELDS) response.headers.set(name, value);
    return response;
  },
  "prototype": () => {
    const response = looked();
    for (const field of OWN_FIELDS) Headers.prototype.append.call(response.headers, ...field);
    return response;
  },
  "plain": () => new Response("body", { headers: OWN_FIELDS }),
  "stream": () => new Response(new Blob(["body"]).stream(), { headers: OWN_FIELDS }),
  "error": () => {
    throw new HttpError(404, "body", { headers: OWN_FIELDS });
  },
  "close": () => WebResponse.text("body", { headers: { Connection: "close" } }),
};
for (const status of [204, 205, 304]) {
  RESPONSES[`web-${status}`] = () => new WebResponse("body", { status, headers: OWN_FIELDS });
  RESPONSES[`plain-${status}`] = () => new Response(null, { status, headers: OWN_FIELDS });
  RESPONSES[`forged-${status}`] = () =>
    Object.defineProperty(new Response("body", { headers: OWN_FIELDS }), "status", {
      value: status,
    });
}
for (const status of [0, 100, 101, 103, 199, 600, 999, 200.5, NaN, -1]) {
  RESPONSES[`web-${status}`] = () => new WebResponse("body", { status });
  RESPONSES[`forged-${status}`] = () =>
    Object.defineProperty(new Response("body"), "status", { value: status });
}
RESPONSES["plain-101"] = () => new Response(null, { status: 101 });
RESPONSES["forged-text"] = () =>
  Object.defineProperty(new Response("body"), "status", { value: "200" });

/** What is no response at all. */
export const RESULTS: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  number: () => 200,
  string: () => "body",
  boolean: () => true,
  symbol: () => Symbol("body"),
  bigint: () => 200n,
  function: () => () => WebResponse.text("body"),
  Object: () => ({ status: 200, headers: {}, body: "body" }),
  Array: () => [WebResponse.text("body")],
  Headers: () => new Headers(),
};
