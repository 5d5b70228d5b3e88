// An application of Hono that uses the helpers and the middleware that come with it, and that are close to a server: streams, signed
// cookies, limits, compression, validators, time.

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { logger } from "hono/logger";
import { stream, streamSSE, streamText } from "hono/streaming";
import { timeout } from "hono/timeout";

const SECRET = "a secret of these tests";

/** What the logger has said. */
export const logged: string[] = [];

export const app = new Hono();

app.use(logger((line) => logged.push(line)));
app.use("/shared/*", cors({ origin: "http://front.test", credentials: true, maxAge: 600 }));
app.get("/shared/thing", (c) => c.json({ shared: true }));

app.get("/login", async (c) => {
  await setSignedCookie(c, "user", "Ada é", SECRET, { httpOnly: true, path: "/" });
  return c.text("logged in");
});
app.get("/user", async (c) => c.json(await getSignedCookie(c, SECRET, "user") ?? null));

app.post(
  "/limited",
  bodyLimit({ maxSize: 1_000, onError: (c) => c.text("too large for the application", 413) }),
  async (c) => c.text(String((await c.req.text()).length)),
);

app.get("/compressed", compress(), (c) => c.text("the same again and again ".repeat(200)));
app.get("/etag", etag(), (c) => c.text("something that seldom changes"));
app.get("/weak-etag", etag({ weak: true }), (c) => c.text("something that seldom changes"));

app.get(
  "/timeout",
  timeout(20, () => new HTTPException(504, { message: "it took too long" })),
  async (c) => {
    await new Promise((resolve) => c.req.raw.signal.addEventListener("abort", resolve));
    return c.text("too late");
  },
);

app.get("/stream", (c) =>
  stream(c, async (out) => {
    await out.write(Uint8Array.of(1, 2, 3));
    await out.pipe(ReadableStream.from([Uint8Array.of(4), Uint8Array.of(5, 6)]));
  }));
app.get("/text", (c) =>
  streamText(c, async (out) => {
    await out.writeln("first");
    await out.sleep(1);
    await out.write("second");
  }));
app.get("/events", (c) =>
  streamSSE(c, async (out) => {
    for (let id = 1; id <= 3; id++) {
      await out.writeSSE({ id: `${id}`, event: "count", data: `line ${id}\nand another` });
    }
  }));
app.get("/breaks", (c) =>
  streamText(c, async (out) => {
    await out.write("so far");
    throw new Error("A stream that breaks");
  }, async (_error, out) => {
    await out.write(", and no further");
  }));
