// Shows a REST API: a resource as JSON, with typed parameters, bad input that is answered with 4xx, a cookie by way of
// @std/http, and a database for what all workers have to see.
//
//   deno run -A examples/rest_api.ts
//   curl -i -c jar -X PUT -d '{"name":"Ada"}' http://127.0.0.1:8000/author
//   curl -i -b jar -d '{"text":"buy flour"}' http://127.0.0.1:8000/notes
//   curl -i http://127.0.0.1:8000/notes/1
//   curl -i -d '{"text":""}' http://127.0.0.1:8000/notes      # 422
//   curl -i http://127.0.0.1:8000/notes/one                   # 400
//
// Set NOTES_PORT to listen on another port, NOTES_DB to keep the notes in a file of your choice.

import { DatabaseSync } from "node:sqlite";
import { deleteCookie, getCookies, setCookie } from "@std/http/cookie";
import { HttpError, type WebRequest, WebResponse, WebServer } from "../mod.ts";

interface Note {
  id: number;
  text: string;
  author: string | null;
}

const MAX_TEXT_LENGTH = 1_000;
const MAX_NAME_LENGTH = 50;

/** Every worker opens the same file: SQLite takes care that they do not get into each other's way. */
const database = new DatabaseSync(Deno.env.get("NOTES_DB") ?? `${Deno.cwd()}/notes.sqlite`);
database.exec(`
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, author TEXT);
`);

/** The body has to be an object with that property, a text of 1 to `maxLength` characters. */
function textProperty(req: WebRequest, property: string, maxLength: number): string {
  const body = req.json<unknown>();
  const value = typeof body === "object" && body !== null
    ? (body as Record<string, unknown>)[property]
    : undefined;
  if (typeof value !== "string" || value === "" || value.length > maxLength) {
    throw new HttpError(422, `Send {"${property}": "..."} with 1 to ${maxLength} characters`);
  }
  return value;
}

function noteId(req: WebRequest<"/notes/:id">): number {
  const id = Number(req.params.id);
  if (!Number.isSafeInteger(id) || id < 1) {
    throw new HttpError(400, "A note's id is a whole number from 1");
  }
  return id;
}

function findNote(id: number): Note {
  const note = database.prepare("SELECT id, text, author FROM notes WHERE id = ?").get(id);
  if (note === undefined) throw new HttpError(404, `There is no note ${id}`);
  return note as unknown as Note;
}

/** Who writes, as the cookie says. A cookie is a client's word like any other: a broken one must not be a panic. */
function authorOf(req: WebRequest): string | null {
  const { author } = getCookies(req.headers);
  if (author === undefined) return null;
  try {
    return decodeURIComponent(author);
  } catch (cause) {
    throw new HttpError(400, "The author cookie is malformed", { cause });
  }
}

function listNotes(req: WebRequest): WebResponse {
  const limit = Number(req.query.get("limit") ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new HttpError(400, "limit is a whole number from 1 to 100");
  }
  return WebResponse.json(
    database.prepare("SELECT id, text, author FROM notes ORDER BY id DESC LIMIT ?").all(limit),
  );
}

function addNote(req: WebRequest): WebResponse {
  const text = textProperty(req, "text", MAX_TEXT_LENGTH);
  const { lastInsertRowid } = database.prepare("INSERT INTO notes (text, author) VALUES (?, ?)")
    .run(
      text,
      authorOf(req),
    );
  const note = findNote(Number(lastInsertRowid));
  return WebResponse.json(note, { status: 201, headers: { location: `/notes/${note.id}` } });
}

function showNote(req: WebRequest<"/notes/:id">): WebResponse {
  return WebResponse.json(findNote(noteId(req)));
}

function changeNote(req: WebRequest<"/notes/:id">): WebResponse {
  const { id } = findNote(noteId(req));
  database.prepare("UPDATE notes SET text = ? WHERE id = ?").run(
    textProperty(req, "text", MAX_TEXT_LENGTH),
    id,
  );
  return WebResponse.json(findNote(id));
}

function removeNote(req: WebRequest<"/notes/:id">): WebResponse {
  const { id } = findNote(noteId(req));
  database.prepare("DELETE FROM notes WHERE id = ?").run(id);
  return WebResponse.empty();
}

function setAuthor(req: WebRequest): WebResponse {
  const name = textProperty(req, "name", MAX_NAME_LENGTH);
  const response = WebResponse.empty();
  setCookie(response.headers, {
    name: "author",
    value: encodeURIComponent(name),
    httpOnly: true,
    sameSite: "Lax",
    path: "/",
  });
  return response;
}

function forgetAuthor(): WebResponse {
  const response = WebResponse.empty();
  deleteCookie(response.headers, "author", { path: "/" });
  return response;
}

/** A test imports it and asks `server.fetch`, or starts this module with `startServer`. */
export const server: WebServer = new WebServer({ maxBodyBytes: 10_000 });
server.addExactPath("/notes", { GET: listNotes, POST: addNote });
server.addExactPath("/notes/:id", { GET: showNote, PUT: changeNote, DELETE: removeNote });
server.addExactPath("/author", { PUT: setAuthor, DELETE: forgetAuthor });
server.onShutdown(() => database.close());

// True in workers as well; false in a test, which could not begin as long as the server runs.
if (import.meta.main) {
  await server.run({ port: Number(Deno.env.get("NOTES_PORT") ?? 8000), workers: 4 });
}
