// A program that listens by node:http and has many situations: each path is one, and /seen/NAME returns what was seen of an earlier
// one. Further servers have listeners and options of their own. Runs under Node as well.

import { Buffer } from "node:buffer";
import http from "node:http";
import process from "node:process";
import { finished, PassThrough, pipeline, Readable, Writable } from "node:stream";

const seen = new Map();

function sight(name) {
  if (!seen.has(name)) {
    let resolve;
    const promise = new Promise((fulfil) => resolve = fulfil);
    seen.set(name, { promise, resolve });
  }
  return seen.get(name);
}

/** Answers with a value as JSON. */
function report(res, value) {
  res.end(JSON.stringify(value));
}

/** The code of the error that a call throws; "none" if it throws nothing. */
function codeOf(call) {
  try {
    call();
    return "none";
  } catch (error) {
    return error.code ?? error.name;
  }
}

/** Collects a body as text. */
function collect(req, done) {
  let text = "";
  req.setEncoding("utf8");
  req.on("data", (part) => text += part);
  req.on("end", () => done(text));
}

/** Notes events in the order in which they come. */
function noteEvents(emitter, names, notes, prefix = "") {
  for (const name of names) emitter.on(name, () => notes.push(prefix + name));
}

const later = (call) => setImmediate(call);

/** What a request shows. */
const requests = {
  echo: (req, res) => {
    const { method, url, httpVersion } = req;
    collect(req, (body) => report(res, { method, url, httpVersion, body }));
  },
  headers: (req, res) => {
    const { connection: _, ...headers } = req.headers;
    report(res, headers);
  },
  raw_headers: (req, res) => report(res, req.rawHeaders),
  distinct: (req, res) => report(res, req.headersDistinct["x-a"]),
  trailers: (req, res) => {
    const before = { ...req.trailers };
    req.resume().on("end", () => {
      report(res, { before, after: req.trailers, raw: req.rawTrailers });
    });
  },
  latin1: (req, res) => {
    res.setHeader("X-Echo", req.headers["x-value"]);
    const codes = [...req.headers["x-value"]].map((character) => character.charCodeAt(0));
    res.end(Buffer.from(JSON.stringify(codes)));
  },
  pause: (req, res) => {
    const order = [];
    req.on("data", () => order.push("data"));
    req.on("end", () => {
      order.push("end");
      report(res, order.filter((each, index) => each !== order[index - 1]));
    });
    req.pause();
    later(() => {
      order.push(`paused ${req.isPaused()}`);
      req.resume();
    });
  },
  iterated: async (req, res) => {
    let length = 0;
    for await (const part of req) length += part.length;
    report(res, { length });
  },
  piped: (req, res) => req.pipe(res),
  pipelined_stream: (req, res) => {
    pipeline(req, new PassThrough(), res, (error) => {
      sight("pipelined_stream").resolve(error?.code ?? "no error");
    });
  },
  readable: (req, res) => {
    let length = 0;
    req.on("readable", () => {
      for (let part; (part = req.read()) !== null;) length += part.length;
    });
    req.on("end", () => report(res, { length, readableEnded: req.readableEnded }));
  },
  split_character: (req, res) => collect(req, (text) => report(res, [text, text.length])),
  socket_encoding: (req, res) => report(res, codeOf(() => req.socket.setEncoding("utf8"))),
  unread: (_req, res) => res.end("unread"),
  complete: (req, res) => {
    const before = req.complete;
    req.resume().on("end", () => report(res, { before, after: req.complete }));
  },
  ends: (req, res) => {
    const notes = [];
    noteEvents(req, ["data", "end", "close"], notes);
    req.on("close", () => sight("ends").resolve(notes));
    req.resume();
    res.end();
  },
  aborted: (req, res) => {
    const notes = [];
    noteEvents(req, ["aborted", "end"], notes);
    req.on("error", (error) => notes.push(error.code));
    req.on("close", () => {
      notes.push(`close ${req.aborted} ${req.destroyed} ${req.complete}`);
      sight("aborted").resolve(notes);
    });
    res.on("close", () => notes.push(`res close ${res.writableFinished}`));
    req.once("data", () => res.writeProcessing());
  },
  destroy: (req) => {
    req.on("close", () => sight("destroy").resolve(`closed ${req.destroyed}`));
    req.destroy();
  },
  destroy_with_error: (req) => {
    req.on("error", (error) => sight("destroy_with_error").resolve(error.message));
    req.destroy(new Error("on purpose"));
  },
  socket: (req, res) => {
    const { socket } = req;
    report(res, {
      remoteAddress: socket.remoteAddress,
      remoteFamily: socket.remoteFamily,
      remotePort: typeof socket.remotePort,
      localAddress: socket.localAddress,
      isLocalPort: socket.localPort === socket.server?.address().port ||
        socket.localPort === main.address().port,
      encrypted: socket.encrypted ?? null,
      same: [req.connection === socket, res.socket === socket, res.connection === socket],
      request: res.req === req,
      chained: [
        socket.setNoDelay(true) === socket,
        socket.setKeepAlive(true) === socket,
        socket.setTimeout(0) === socket,
        req.setTimeout(0) === req,
        res.setTimeout(0) === res,
      ],
      states: [socket.destroyed, socket.readable, socket.writable],
    });
  },
  same_socket: ({ socket }, res) => {
    socket.count = (socket.count ?? 0) + 1;
    report(res, { count: socket.count });
  },
  listeners: ({ socket }, res) => {
    const counts = ["close", "data", "drain", "end", "error", "timeout"]
      .map((name) => socket.listenerCount(name));
    socket.counts ??= counts;
    report(res, { grown: counts.some((count, index) => count > socket.counts[index]) });
  },
  high_water_mark: (req, res) => {
    report(
      res,
      [req.readableHighWaterMark, res.writableHighWaterMark].map((mark) => mark >= 16_384),
    );
  },
  kinds: (req, res) => {
    report(res, [
      req instanceof http.IncomingMessage,
      req instanceof Readable,
      res instanceof http.ServerResponse,
      res instanceof http.OutgoingMessage,
      Object.getPrototypeOf(res) === http.ServerResponse.prototype,
    ]);
  },
};

/** How a response is begun. */
const heads = {
  status_codes: (_req, res) => {
    const codes = [-1, 0, 99, 1_000, "abc", null, 200.5];
    report(
      res,
      codes.map((status) =>
        codeOf(() => new http.ServerResponse({ method: "GET" }).writeHead(status))
      ),
    );
  },
  bad_status: (_req, res) => report(res, [codeOf(() => res.writeHead(1_000)), res.headersSent]),
  status_message: (_req, res) => {
    res.statusCode = 201;
    res.statusMessage = "Made Anew";
    res.end("made");
  },
  bad_status_message: (_req, res) => {
    res.statusMessage = "a\r\nb: c";
    const code = codeOf(() => res.end());
    res.statusMessage = "OK";
    if (!res.headersSent) report(res, code);
  },
  reason: (_req, res) => res.writeHead(404, "Gone Away", { "X-A": "1" }).end("away"),
  unknown_status: (_req, res) => res.writeHead(299).end("unknown"),
  array: (_req, res) => {
    res.writeHead(200, ["X-A", "1", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]);
    res.end("flat");
  },
  merged: (_req, res) => {
    res.setHeader("X-A", "1").setHeader("X-B", "2");
    res.writeHead(200, { "x-a": "3", "X-C": ["4", "5"] });
    res.end(String(res.getHeader("x-a")));
  },
  merged_array: (_req, res) => {
    res.setHeader("X-A", "1");
    res.writeHead(200, ["X-A", "2", "X-B", "3"]);
    res.end();
  },
  twice: (_req, res) => {
    res.writeHead(200);
    report(res, codeOf(() => res.writeHead(200)));
  },
  after_sent: (_req, res) => {
    res.write("sent ");
    report(res, [
      codeOf(() => res.setHeader("a", "b")),
      codeOf(() => res.appendHeader("a", "b")),
      codeOf(() => res.removeHeader("a")),
      codeOf(() => res.writeHead(201)),
      codeOf(() => res.flushHeaders()),
    ]);
  },
  bad_fields: (_req, res) => {
    report(res, [
      codeOf(() => res.setHeader("a b", "c")),
      codeOf(() => res.setHeader("", "c")),
      codeOf(() => res.setHeader("a", undefined)),
      codeOf(() => res.setHeader("a", "b\r\nc: d")),
      codeOf(() => res.setHeader("a", ["b", "c\n"])),
      codeOf(() => res.setHeader("a", "\u4e00")),
      codeOf(() => res.appendHeader("a", "\0")),
      codeOf(() => http.validateHeaderName("a:")),
      codeOf(() => http.validateHeaderValue("a", "\r")),
      res.getHeaderNames(),
    ]);
  },
  bad_write_head: (_req, res) => report(res, codeOf(() => res.writeHead(200, { a: "b\r\nc: d" }))),
  mutable: (_req, res) => {
    res.setHeader("X-Test", "1").setHeader("x-number", 2).setHeader("X-Gone", "3");
    res.removeHeader("x-GONE");
    const headers = res.getHeaders();
    report(res, {
      headers,
      names: res.getHeaderNames(),
      raw: res.getRawHeaderNames(),
      got: [res.getHeader("x-TEST"), res.getHeader("x-gone") ?? null],
      has: [res.hasHeader("X-TEST"), res.hasHeader("X-Gone")],
      isPlain: Object.getPrototypeOf(headers) === null,
    });
  },
  appended: (_req, res) => {
    res.appendHeader("X-A", "1").appendHeader("x-a", ["2", "3"]);
    report(res, res.getHeader("x-a"));
  },
  set_headers: (_req, res) => {
    res.setHeaders(new Headers([["a", "1"], ["set-cookie", "b=2"], ["set-cookie", "c=3"]]));
    res.setHeaders(new Map([["d", "4"]]));
    report(res, codeOf(() => res.setHeaders({ a: "1" })));
  },
  cookies: (_req, res) => {
    res.setHeader("Set-Cookie", ["a=1", "b=2"]);
    res.end("cookies");
  },
  no_date: (_req, res) => {
    res.sendDate = false;
    res.end("timeless");
  },
  own_date: (_req, res) => {
    res.setHeader("Date", "Thu, 01 Jan 1970 00:00:00 GMT");
    res.end(res.getHeader("date"));
  },
  removed: (_req, res) => {
    res.removeHeader("date");
    res.removeHeader("content-length");
    res.write("chunks");
    res.end();
  },
  close: (_req, res) => {
    res.setHeader("Connection", "close");
    res.end("last");
  },
  no_keep_alive: (_req, res) => {
    res.shouldKeepAlive = false;
    res.end("last");
  },
  hints: (_req, res) => {
    res.writeEarlyHints({ link: "</a.css>; rel=preload", "x-a": "1" }, () => res.end("hinted"));
  },
  many_hints: (_req, res) => {
    res.writeEarlyHints({ link: ["</a.css>; rel=preload", "</b.js>; rel=preload"] });
    res.end("hinted");
  },
  processing: (_req, res) => {
    res.writeProcessing();
    res.end("done");
  },
  flush: (req, res) => {
    res.setHeader("Content-Type", "text/plain");
    res.flushHeaders();
    res.flushHeaders();
    collect(req, (body) => res.end(`${body} ${res.headersSent}`));
  },
};

/** How a response's body is sent. */
const bodies = {
  length: (_req, res) => res.end("h\u00e9llo"),
  buffer: (_req, res) => res.end(Buffer.from("buffer")),
  bytes: (_req, res) => res.end(new Uint8Array([98, 121, 116, 101, 115])),
  encodings: (_req, res) => {
    res.write("68657820", "hex");
    res.write("YmFzZTY0IA==", "base64");
    res.end("\u00e9", "latin1");
  },
  chunks: (_req, res) => {
    res.write("one ");
    later(() => res.end("two"));
  },
  own_length: (_req, res) => {
    res.setHeader("Content-Length", 7);
    res.write("one ");
    later(() => res.end("two"));
  },
  empty: (_req, res) => res.end(),
  empty_write: (_req, res) => {
    res.write("");
    res.write(Buffer.alloc(0));
    res.end("after nothing");
  },
  own_chunked: (_req, res) => {
    res.writeHead(200, { "Transfer-Encoding": "chunked" });
    res.end("chunked");
  },
  no_content: (_req, res) => {
    res.statusCode = 204;
    res.end("nothing");
  },
  not_modified: (_req, res) => {
    res.writeHead(304, { ETag: '"a"' });
    res.end("nothing");
  },
  not_modified_chunked: (_req, res) => {
    res.writeHead(304, { "Transfer-Encoding": "chunked" });
    res.end();
  },
  head_length: (_req, res) => {
    res.setHeader("Content-Length", 1_234);
    res.end();
  },
  written: (_req, res) => {
    const notes = [];
    res.write("a", () => notes.push("first"));
    res.write("b", "utf8", () => notes.push("second"));
    res.on("prefinish", () => notes.push("prefinish"));
    res.on("finish", () => notes.push("finish"));
    res.on("close", () => sight("written").resolve(notes));
    res.end("c", () => notes.push("end"));
  },
  bad_writes: (_req, res) => {
    report(res, [
      codeOf(() => res.write(null)),
      codeOf(() => res.write(1)),
      codeOf(() => res.write(["a"])),
      codeOf(() => res.write({})),
      codeOf(() => res.write()),
      codeOf(() => res.end(["a"])),
      codeOf(() => res.end(1)),
    ]);
  },
  write_after_end: (_req, res) => {
    const notes = [];
    res.on("error", ({ code }) => notes.push(`event ${code}`));
    res.end("ended");
    const isMore = res.write("more", (error) => {
      notes.push(error.code);
      later(() => sight("write_after_end").resolve(notes));
    });
    notes.push(isMore);
  },
  end_twice: (_req, res) => {
    const notes = [];
    notes.push(res.end("once") === res);
    res.end((error) => notes.push(error?.code ?? null));
    res.on("close", () => {
      res.end((error) => {
        notes.push(error?.code ?? null);
        sight("end_twice").resolve(notes);
      });
    });
  },
  flags: (_req, res) => {
    const flags = () => [res.headersSent, res.writableEnded, res.writableFinished, res.finished];
    const notes = [flags()];
    res.write("a");
    notes.push(flags());
    res.end();
    notes.push(flags());
    res.on("close", () => sight("flags").resolve([...notes, flags(), [res.destroyed, res.closed]]));
  },
  corked: (_req, res) => {
    res.cork();
    res.write("one ");
    res.write("two ");
    const corked = res.writableCorked;
    res.uncork();
    res.end(`${corked} ${res.writableCorked}`);
  },
  drained: (_req, res) => {
    const part = Buffer.alloc(1 << 20, "x");
    let isWritable = true;
    let count = 0;
    while (isWritable && count < 64) {
      isWritable = res.write(part);
      count++;
    }
    res.once("drain", () => {
      sight("drained").resolve([isWritable, count < 64, res.writableNeedDrain]);
      res.end();
    });
  },
  trailing: (_req, res) => {
    res.writeHead(200, { Trailer: "X-Sum" });
    res.write("with trailers");
    res.addTrailers({ "X-Sum": "7" });
    res.end();
  },
  streamed: (_req, res) => Readable.from(["one ", "two ", "three"]).pipe(res),
  stream_finished: (_req, res) => {
    finished(res, (error) => sight("stream_finished").resolve(error?.code ?? "no error"));
    res.end("finished");
  },
  cut: (_req, res) => {
    res.write("begun");
    later(() => res.destroy());
  },
  socket_destroyed: (req, res) => {
    res.write("begun");
    later(() => req.socket.destroy());
  },
  too_short: (_req, res) => {
    res.setHeader("Content-Length", 10);
    res.end("short");
  },
  slow: (_req, res) => {
    let turns = 0;
    const step = () => ++turns < 20 ? later(step) : res.end("slow");
    step();
  },
  gone: (_req, res) => {
    const notes = [];
    noteEvents(res, ["finish", "error"], notes);
    res.on("close", () => {
      notes.push(`close ${res.writableFinished} ${res.destroyed}`);
      res.write("too late", (error) => {
        notes.push(error?.code ?? "no error");
        sight("gone").resolve(notes);
      });
    });
    res.write("begun");
  },
  both_close: (req, res) => {
    const notes = [];
    noteEvents(req, ["close"], notes, "req ");
    noteEvents(res, ["finish", "close"], notes, "res ");
    res.on("close", () => later(() => sight("both_close").resolve(notes)));
    req.resume();
    res.end("both");
  },
  standalone: (_req, res) => {
    const response = new http.ServerResponse({
      method: "GET",
      httpVersionMajor: 1,
      httpVersionMinor: 1,
    });
    let text = "";
    const stream = new Writable({
      write(part, _encoding, callback) {
        text += part;
        callback();
      },
    });
    response.sendDate = false;
    response.assignSocket(stream);
    response.end("alone", () => later(() => res.end(text)));
  },
};

const situations = { ...requests, ...heads, ...bodies };

async function showSight(name, res) {
  report(res, await sight(name).promise);
}

const main = http.createServer((req, res) => {
  const [, name, rest] = req.url.split(/[/?]/);
  if (name === "seen") return showSight(rest, res);
  if (Object.hasOwn(situations, name)) return situations[name](req, res);
  if (name === "server") return reportServer(res);
  report(res, { url: req.url });
});

let connections = 0;
main.on("connection", (socket) => {
  connections++;
  socket.on("close", () => sight("socket_close").resolve(`closed ${socket.destroyed}`));
});

function reportServer(res) {
  const { timeout, headersTimeout, requestTimeout, keepAliveTimeout, listening } = main;
  const { maxHeadersCount, maxRequestsPerSocket } = main;
  const { address, family, port } = main.address();
  report(res, {
    times: { timeout, headersTimeout, requestTimeout, keepAliveTimeout },
    maxHeadersCount,
    maxRequestsPerSocket,
    listening,
    address,
    family,
    port: typeof port,
    hasConnections: connections > 0,
    again: codeOf(() => main.listen(0)),
    timeoutSet: main.setTimeout(0) === main,
  });
}

class OwnRequest extends http.IncomingMessage {
  get own() {
    return `own ${this.method}`;
  }
}

class OwnResponse extends http.ServerResponse {
  send(text) {
    this.setHeader("X-Own", "yes");
    this.end(text);
  }
}

/** Servers with listeners and options of their own. */
const servers = {
  main,
  continues: http.createServer((_req, res) => res.end("request")).on(
    "checkContinue",
    (req, res) => {
      if (req.url === "/refused") return res.writeHead(403).end("refused");
      if (req.url === "/continued") res.writeContinue();
      collect(req, (body) => res.end(`checked ${body}`));
    },
  ),
  expects: http.createServer((_req, res) => res.end("request")).on(
    "checkExpectation",
    (req, res) => {
      if (req.url === "/read") return collect(req, (body) => res.end(`checked ${body}`));
      res.statusCode = 417;
      res.end("checked");
    },
  ),
  own_classes: http.createServer(
    { IncomingMessage: OwnRequest, ServerResponse: OwnResponse },
    (req, res) => res.send(req.own),
  ),
  two_listeners: http.createServer()
    .on("request", (_req, res) => res.setHeader("X-First", "1"))
    .on("request", (_req, res) => res.end("second")),
  upgrades: http.createServer((_req, res) => res.end("request")).on(
    "upgrade",
    (req, socket, head) => {
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n" +
          `${req.headers.upgrade} ${head} `,
      );
      socket.on("data", (part) => socket.end(part));
    },
  ),
  client_errors: http.createServer((_req, res) => res.end("request")).on(
    "clientError",
    (error, socket) => {
      sight("client_error").resolve(error.code);
      socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\nConnection: close\r\n\r\nown");
    },
  ),
  few_requests: Object.assign(http.createServer((_req, res) => res.end("request")), {
    maxRequestsPerSocket: 2,
  }),
  few_fields: Object.assign(
    http.createServer((req, res) => report(res, Object.keys(req.headers).length)),
    { maxHeadersCount: 3 },
  ),
};

for (const [name, server] of Object.entries(servers)) {
  const port = name === "main" ? Number(process.env.PORT ?? 0) : 0;
  server.listen(port, "127.0.0.1", () => console.log(`server ${name} ${server.address().port}`));
}
