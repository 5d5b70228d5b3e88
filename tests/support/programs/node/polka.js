// Polka, with sirv for files and formidable for every body.

import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import process from "node:process";
import { Readable, Writable } from "node:stream";
import formidable from "formidable";
import polka from "polka";
import sirv from "sirv";

function send(res, value, status = 200) {
  const text = JSON.stringify(value);
  res.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
  });
  res.end(text);
}

async function parse(req, res) {
  const [fields] = await formidable().parse(req);
  send(res, fields);
}

async function upload(req, res) {
  const contents = {};
  const form = formidable({
    fileWriteStreamHandler: (file) => {
      const parts = [];
      return new Writable({
        write(part, _encoding, callback) {
          parts.push(part);
          callback();
        },
        final(callback) {
          contents[file.originalFilename] = Buffer.concat(parts).toString();
          callback();
        },
      });
    },
  });
  const [fields] = await form.parse(req);
  send(res, { fields, contents });
}

const { PORT = 3000 } = process.env;

polka({ onError: (error, _req, res) => send(res, { error: error.message }, error.httpCode ?? 500) })
  .use(sirv(new URL("public", import.meta.url).pathname, { etag: true }))
  .get("/", (_req, res) => {
    res.end("Hello world!");
  })
  .get("/users/:id", (req, res) => {
    send(res, { id: req.params.id, query: req.query, host: req.headers.host });
  })
  .post("/echo", (req, res, next) => parse(req, res).catch(next))
  .post("/form", (req, res, next) => parse(req, res).catch(next))
  .post("/upload", (req, res, next) => upload(req, res).catch(next))
  .get("/cookies", (req, res) => {
    res.setHeader("Set-Cookie", ["a=1; HttpOnly", "b=2"]);
    res.end(req.headers.cookie ?? "none");
  })
  .get("/redirect", (_req, res) => {
    res.writeHead(302, { Location: "/users/7" });
    res.end();
  })
  .get("/stream", (_req, res) => {
    res.writeHead(200, ["Content-Type", "text/plain"]);
    Readable.from(["one ", "two ", "three"]).pipe(res);
  })
  .get("/file", (_req, res) => {
    createReadStream(new URL("public/notes.txt", import.meta.url)).pipe(res);
  })
  .get("/large", (_req, res) => {
    res.end("x".repeat(300_000));
  })
  .delete("/users/:id", (_req, res) => {
    res.statusCode = 204;
    res.end();
  })
  .get("/rejects", (_req, _res, next) => {
    Promise.reject(new Error("on purpose")).catch(next);
  })
  .listen(PORT, (error) => {
    if (error) throw error;
    console.log(`> Listening on localhost:${PORT}`);
  });
