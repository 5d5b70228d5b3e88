// h3 2, as its documentation starts it.

import { getCookie, H3, HTTPError, readBody, serve, setCookie } from "h3";

const app = new H3();

app.get("/", () => "Tadaa!");
app.get("/users/:id", (event) => ({ id: event.context.params?.id }));
app.post("/echo", async (event) => ({ got: await readBody(event) }));
app.get("/cookies", (event) => {
  setCookie(event, "seen", "yes");
  return getCookie(event, "name") ?? "nobody";
});
app.get("/missing", () => {
  throw new HTTPError({ status: 404, message: "no such thing" });
});

serve(app, { port: 3000, gracefulShutdown: false });
