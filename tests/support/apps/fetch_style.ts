// An application as `deno serve` takes it: a default export with a fetch, which is called as its method. It knows nothing of Mudpie.

const encoder = new TextEncoder();

class Application {
  readonly #greeting = "hello";

  /** An own property, as `deno serve` wants it. */
  fetch = async function (
    this: Application,
    request: Request,
    info: {
      readonly remoteAddr: { readonly hostname: string };
      readonly completed: Promise<void>;
    },
  ): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    switch (pathname) {
      case "/this":
        return new Response(this.#greeting);
      case "/asked":
        return Response.json({
          method: request.method,
          search,
          agent: request.headers.get("x-agent"),
        });
      case "/echo":
        return new Response(await request.text(), {
          headers: { "content-type": request.headers.get("content-type") ?? "text/plain" },
        });
      case "/json":
        return Response.json(await request.json());
      case "/peer":
        return new Response(info.remoteAddr.hostname);
      case "/completed":
        info.completed.then(() => console.log("the answer was sent"));
        return new Response("when it is sent, the log says so");
      case "/cookies":
        return new Response(null, {
          status: 204,
          headers: [["set-cookie", "a=1"], ["set-cookie", "b=2; HttpOnly"]],
        });
      case "/elsewhere":
        return Response.redirect("http://localhost/this", 303);
      case "/parts":
        return new Response(
          ReadableStream.from(["one ", "two"].map((text) => encoder.encode(text))),
        );
      case "/fails":
        throw new Error("on purpose");
      default:
        return new Response("nowhere", { status: 404 });
    }
  };

  onListen({ port }: Deno.NetAddr): void {
    console.log(`the application listens on ${port}`);
  }
}

export default new Application();
