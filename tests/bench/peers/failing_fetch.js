// What goes wrong, in a small program with a default export.

import { answerAt } from "./misbehaviour.js";

export default {
  /** @param {Request} request */
  async fetch(request) {
    return new Response(await answerAt(new URL(request.url).pathname));
  },
};
