// An application that replaces the platform's classes when it is loaded, as polyfills and adapters
// of frameworks do.

import { fetchHandler } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const platform = { Headers, Request, Response };

/** A `Response` of the application. What its static methods return is none. */
class OwnResponse extends Response {}

/** Nothing of the platform's. */
class OwnRequest {}
class OwnHeaders {}

Object.assign(globalThis, { Headers: OwnHeaders, Request: OwnRequest, Response: OwnResponse });

async function answer(request: Request): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case "/static":
      return Response.json({ isOwn: Response.json(1) instanceof OwnResponse });
    case "/fetched":
      return await fetch("data:text/plain,fetched");
    case "/stream":
      return new OwnResponse(ReadableStream.from([new TextEncoder().encode("streamed")]));
    default: {
      const isPlatforms = [
        request instanceof platform.Request,
        request.headers instanceof platform.Headers,
        request.clone() instanceof platform.Request,
      ];
      const fields = [...request.headers].length;
      return Response.json({ isPlatforms, fields, text: await request.text() });
    }
  }
}

const server = appServer(appOptions(import.meta.url));
server.addPath("/", fetchHandler(answer));
await server.run();
