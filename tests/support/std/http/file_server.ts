// Stands in for `@std/http/file-server` on a network that does not reach JSR. The package on npm has
// this one module with imports that lead nowhere, so here is as much of it as an application needs
// to show that it can mount it: files as streams, index.html, validators. No ranges, no listings.

import { extname, join, posix } from "node:path";
import { contentType } from "./content_type.ts";
import { eTag, ifNoneMatch } from "./etag.ts";

export interface ServeDirOptions {
  /** The directory to serve; the current one by default. */
  fsRoot?: string;
  /** What to take off the front of the path, without slashes at its ends. */
  urlRoot?: string;
  /** The original logs each request unless this is set; here nothing is logged. */
  quiet?: boolean;
}

/** Serves the file that the path of the request names, below `fsRoot`. */
export async function serveDir(
  request: Request,
  options: ServeDirOptions = {},
): Promise<Response> {
  const { fsRoot = ".", urlRoot = "" } = options;
  const url = new URL(request.url);
  const prefix = urlRoot === "" ? "" : `/${urlRoot}`;
  if (prefix !== "" && url.pathname !== prefix && !url.pathname.startsWith(`${prefix}/`)) {
    return plainResponse(404, "Not Found");
  }
  const path = decodePath(url.pathname.slice(prefix.length));
  if (path === undefined) return plainResponse(400, "Bad Request");
  const file = join(fsRoot, path);
  const info = await statIfThere(file);
  if (!info?.isDirectory) return await serveFile(request, file);
  if (url.pathname.endsWith("/")) return await serveFile(request, join(file, "index.html"));
  url.pathname += "/";
  return Response.redirect(url, 301);
}

/** Serves one file. */
export async function serveFile(request: Request, file: string): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plainResponse(405, "Method Not Allowed");
  }
  const info = await statIfThere(file);
  if (!info?.isFile) return plainResponse(404, "Not Found");
  const headers = new Headers({ "content-length": String(info.size) });
  const type = contentType(extname(file));
  if (type !== undefined) headers.set("content-type", type);
  if (info.mtime !== null) headers.set("last-modified", info.mtime.toUTCString());
  const etag = await eTag(info);
  if (etag !== undefined) headers.set("etag", etag);
  if (!ifNoneMatch(request.headers.get("if-none-match"), etag)) {
    headers.delete("content-length");
    return new Response(null, { status: 304, headers });
  }
  if (request.method === "HEAD") return new Response(null, { headers });
  return new Response((await Deno.open(file)).readable, { headers });
}

/** `..` is resolved after decoding, against the root: no spelling of it leads out of the directory. */
function decodePath(path: string): string | undefined {
  try {
    return posix.normalize("/" + decodeURIComponent(path));
  } catch {
    // What decodeURIComponent() refuses is the client's mistake, and has an answer.
    return undefined;
  }
}

async function statIfThere(file: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

function plainResponse(status: number, statusText: string): Response {
  return new Response(statusText, { status, statusText });
}
