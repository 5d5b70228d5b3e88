// What an application sees of a request, and of a copy that it makes of it.

/** Returns what is seen, as the array of a JSON response. */
export async function reportRequest(request: Request): Promise<Response> {
  const copy = new Request(request.clone(), { method: "PUT" });
  return Response.json([
    request instanceof Request,
    request.method,
    new URL(request.url).pathname,
    request.headers.get("x-a"),
    await request.text(),
    copy.method,
    await copy.text(),
  ]);
}
