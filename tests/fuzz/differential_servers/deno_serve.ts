// `Deno.serve`, telling in each answer what it has understood: one of the three servers of the differential run.

import { answerOf, latin1Of } from "./understood.ts";

/** The platform's Request has no body with these methods, whatever came over the wire. */
const WITHOUT_BODY = ["GET", "HEAD"];

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`port ${port}`),
}, async (request) => {
  const { method, headers } = request;
  // A body that is malformed makes this reject, so that the answer is not a handler's.
  const bytes = await request.bytes();
  const answer = answerOf({
    method,
    target: targetOf(request),
    minorVersion: null,
    fields: [...headers],
    body: WITHOUT_BODY.includes(method) ? null : latin1Of(bytes),
  });
  return new Response(answer.body, {
    headers: [...answer.fields, ["content-type", "application/json"]],
  });
});

/** The platform gives a URL, of which the path and the query are the client's; it gives none where the client's is none. */
function targetOf(request: Request): string | null {
  try {
    const { pathname, search } = new URL(request.url);
    return pathname + search;
  } catch {
    return null;
  }
}
