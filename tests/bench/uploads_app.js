// The application of uploads.ts, in fetch style: it reads bodies in three ways, and waits between two parts if it is told to.

/** Answers with the number of bytes that have come. */
export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/hello") return new Response("hello");
    if (pathname === "/collect") {
      return new Response(String((await request.arrayBuffer()).byteLength));
    }
    const pause = Number(searchParams.get("pause") ?? 0);
    let length = 0;
    for await (const part of request.body) {
      length += part.length;
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return new Response(String(length));
  },
};
