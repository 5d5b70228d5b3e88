// An application of h3, the framework of Nitro and Nuxt, which gives its answers through srvx: with its own routing, cookies, forms,
// validation, errors and streams.

import {
  deleteCookie,
  getCookie,
  getQuery,
  getRequestIP,
  getRouterParam,
  H3,
  handleCors,
  HTTPError,
  iterable,
  noContent,
  readBody,
  redirect,
  serve,
  setCookie,
} from "h3";

const routes = new H3({ silent: true });

routes.use((event) => {
  event.res.headers.set("x-served-by", "h3");
  const answer = handleCors(event, { origin: ["http://front.test"], methods: ["GET", "POST"] });
  return answer === false ? undefined : answer;
});

routes.get("/hello/:name", (event) => {
  const times = Number(getQuery(event).times ?? 1);
  if (!Number.isInteger(times) || times < 1 || times > 9) {
    throw new HTTPError({ status: 400, message: "times is a whole number from 1 to 9" });
  }
  return `Hello ${getRouterParam(event, "name", { decode: true })}!\n`.repeat(times);
});

routes.post("/notes", async (event) => {
  const note = await readBody<{ text?: unknown }>(event);
  if (typeof note?.text !== "string") {
    throw new HTTPError({ status: 422, message: "text is missing", data: { field: "text" } });
  }
  event.res.status = 201;
  event.res.headers.set("location", "/notes/1");
  return { id: 1, text: note.text };
});

routes.post("/form", async (event) => {
  const form = await event.req.formData();
  return await Promise.all(
    [...form].map(async ([name, value]) =>
      typeof value === "string" ? [name, value] : [name, value.name, await value.text()]
    ),
  );
});

routes.post("/bytes", async (event) => new Uint8Array(await event.req.arrayBuffer()));

routes.get("/visits", (event) => {
  const visits = Number(getCookie(event, "visits") ?? 0) + 1;
  setCookie(event, "visits", String(visits), { httpOnly: true, path: "/" });
  setCookie(event, "seen", "yes", { path: "/" });
  return `You have been here ${visits} times`;
});

routes.delete("/visits", (event) => {
  deleteCookie(event, "visits", { path: "/" });
  return noContent();
});

routes.get("/count/:to", (event) => iterable(linesTo(Number(getRouterParam(event, "to")))));

function* linesTo(last: number): Generator<string> {
  for (let line = 1; line <= last; line++) yield `${line}\n`;
}

routes.get("/ip", (event) => getRequestIP(event) ?? "nobody");
routes.get("/old", () => redirect("/hello/you", 301));
routes.get("/fails", () => {
  throw new Error("A fault of the application");
});
routes.get("/later", (event) => {
  event.waitUntil(Promise.resolve());
  return { url: event.url.pathname, method: event.req.method };
});

/** Through srvx, which tells of the client; the listening is left to another server. */
export const app = serve(routes, {
  manual: true,
  gracefulShutdown: false,
  hostname: "127.0.0.1",
  port: 0,
});
