// `deno serve --parallel` with handlers that misbehave. It needs nothing else: what Deno does about a failure is what is to be seen.

import { answerAt } from "./misbehaviour.js";

export default {
  fetch: async (request: Request): Promise<Response> =>
    new Response(await answerAt(new URL(request.url).pathname)),
} satisfies Deno.ServeDefaultExport;
