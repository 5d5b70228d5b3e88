// examples/hono.ts: the same requests to the application alone, under Deno.serve, under Mudpie's fetch and under Mudpie's workers, which
// all have to give the same answers.

import { describeSameAnswers, MULTIPART_FORM, postJson } from "../support/requests/same_answers.ts";

const loadApp = async () => (await import("../../examples/hono.ts")).app;

describeSameAnswers("examples/hono.ts", loadApp, "hono.ts", [
  { path: "/hello/Ada" },
  { path: "/hello/Ada?times=3" },
  { path: "/hello/Ada?times=many" },
  { path: "/hello/%C3%A9%2F%20b" },
  { path: "/hello/Ada", init: { method: "HEAD" } },
  { path: "/hello/Ada", init: { method: "OPTIONS" } },
  { path: "/hello/Ada", init: { method: "POST", body: "x" } },
  { path: "/notes", init: postJson('{"text":"é"}') },
  { path: "/notes", init: postJson('{"text":7}'), what: "a note that is not text" },
  { path: "/notes", init: postJson("{"), what: "a note that is not JSON" },
  { path: "/notes", init: { method: "POST" }, what: "a note that is not there" },
  {
    path: "/form",
    init: { method: "POST", body: new URLSearchParams("a=1&b=2&b=%C3%A9") },
    what: "a form",
  },
  { path: "/form", init: MULTIPART_FORM, what: "a form with a file" },
  { path: "/visits" },
  { path: "/visits", init: { headers: { cookie: "a=b; visits=41" } }, what: "a cookie" },
  { path: "/visits", init: { method: "DELETE", headers: { cookie: "visits=41" } } },
  { path: "/count/5" },
  { path: "/count/0" },
  { path: "/old" },
  { path: "/fails" },
  { path: "/nowhere?a=b" },
]);
