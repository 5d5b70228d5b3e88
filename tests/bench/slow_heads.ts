// Clients that never come to the end of their request's head, as a process of its own: the port and their number are its
// arguments. It goes on until it is ended, and whoever the server sends away comes back.

import { connectMany, dribble } from "../support/clients/attackers.ts";
import { HELLO_HEAD } from "./requests.ts";

const [port, count] = Deno.args.map(Number);

/** All of a head but its end. */
const OPENING = HELLO_HEAD.slice(0, -2) + "X-Slow: ";

const conns = await connectMany(port, count);
console.log("attacking");
for (const first of conns) {
  (async () => {
    let conn: Deno.Conn = first;
    for (;;) {
      await dribble(conn, OPENING);
      conn = await Deno.connect({ hostname: "127.0.0.1", port });
    }
  })();
}
