// A loop that parses nothing: it answers whatever a read brings with the same bytes. It is no server; it shows what a read and a
// write cost, below which nobody can go. With BENCH_CLOSES it ends each connection behind its answer.

import { HELLO } from "./answers.js";
import { hostname, port, setting } from "./settings.js";

const CLOSES = setting("BENCH_CLOSES") !== undefined;

const ANSWER = new TextEncoder().encode([
  "HTTP/1.1 200 OK",
  `Date: ${new Date().toUTCString()}`,
  "Content-Type: text/plain; charset=utf-8",
  `Content-Length: ${HELLO.length}`,
  ...(CLOSES ? ["Connection: close"] : []),
  "",
  HELLO,
].join("\r\n"));

async function serve(conn: Deno.TcpConn): Promise<void> {
  const bytes = new Uint8Array(2_048);
  try {
    do {
      if (await conn.read(bytes) === null) break;
      await conn.write(ANSWER);
    } while (!CLOSES);
  } catch {
    // The client has gone.
  }
  conn.close();
}

for await (const conn of Deno.listen({ hostname, port })) serve(conn);
