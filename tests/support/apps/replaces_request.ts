// An application that has replaced the global Request by a class with a private field, as a polyfill
// does.

import { fetchHandler } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

class PrivateRequest extends Request {
  readonly #kind = "private";

  override get url(): string {
    return this.#kind === "private" ? super.url : "";
  }
}

globalThis.Request = PrivateRequest;

const server = appServer(appOptions(import.meta.url));
server.addPath(
  "/echo",
  fetchHandler(async (request) => {
    const copy = new Request(request.clone(), { method: "PUT" });
    return Response.json([
      request instanceof Request,
      request.method,
      new URL(request.url).pathname,
      request.headers.get("x-a"),
      await request.text(),
      copy.method,
      await copy.text(),
    ]);
  }),
);
await server.run();
