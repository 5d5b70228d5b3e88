// An application that has replaced the global Request by a class with a private field, as a polyfill
// does.

import { fetchHandler } from "../../../mod.ts";
import { reportRequest } from "../fetch_apps/request_report.ts";
import { appOptions, appServer } from "../servers/app.ts";

class PrivateRequest extends Request {
  readonly #kind = "private";

  override get url(): string {
    return this.#kind === "private" ? super.url : "";
  }
}

globalThis.Request = PrivateRequest;

const server = appServer(appOptions(import.meta.url));
server.addPath("/echo", fetchHandler(reportRequest));
await server.run();
