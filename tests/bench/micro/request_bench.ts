// What a handler pays for what it reads of a browser's request. Each request is parsed anew, because most of what is read is
// kept: what "nothing" costs is in all of them.

import { ROUTE_OF_PROFILE } from "./routed.ts";
import { setRoute, type WebRequest } from "../../../src/handler/request.ts";
import { profileOf } from "../peers/answers.js";
import { BROWSER, BROWSER_HEAD, ORDER, ORDER_REQUEST } from "../requests.ts";
import { Reader } from "./reader.ts";
import { benchAll, type Subject, subject } from "./subject.ts";

function readsOfBrowser(what: string, read: (req: WebRequest) => unknown, expected: unknown) {
  const reader = new Reader(BROWSER_HEAD);
  return subject({
    name: `WebRequest of a browser, parsed, and then read: ${what}`,
    run: () => {
      const request = reader.request();
      setRoute(request, ROUTE_OF_PROFILE);
      return read(request);
    },
    tell: (result) => result,
    expected,
  });
}

const session =
  `theme=dark; visitor=8c1f0d2e57a94b63a15d0b7e92c4f816; session=${BROWSER.session}; consent=yes`;

/** How many field lines the head has, each of another name. */
const BROWSER_FIELDS = BROWSER_HEAD.trimEnd().split("\r\n").length - 1;

const orderReader = new Reader(ORDER_REQUEST);

export const subjects: readonly Subject[] = [
  readsOfBrowser("nothing", () => null, null),
  readsOfBrowser("one field", (req) => req.header("user-agent"), BROWSER.agent),
  readsOfBrowser("a field that is not there", (req) => req.header("authorization"), null),
  readsOfBrowser("the Cookie field", (req) => req.header("cookie"), session),
  readsOfBrowser("a value of the query", (req) => req.query.get("tab"), BROWSER.tab),
  readsOfBrowser("a parameter of the route", (req) => req.params.id, BROWSER.id),
  readsOfBrowser("the path", (req) => req.path, "/users/4711/profile"),
  readsOfBrowser(
    "two fields, a cookie, a value of the query, a parameter",
    (req) =>
      profileOf(
        req.params.id,
        req.query.get("tab"),
        req.header("cookie"),
        req.header("user-agent"),
        req.header("accept-language"),
      ),
    {
      id: BROWSER.id,
      tab: BROWSER.tab,
      session: BROWSER.session,
      agent: BROWSER.agent,
      language: BROWSER.language,
    },
  ),
  readsOfBrowser("Headers", (req) => req.headers.get("accept-language"), BROWSER.language),
  readsOfBrowser("toRequest()", (req) => req.toRequest().method, "GET"),
  readsOfBrowser(
    "the URL of toRequest()",
    (req) => req.toRequest().url,
    `http://127.0.0.1:8000/users/${BROWSER.id}/profile?tab=${BROWSER.tab}&page=2`,
  ),
  readsOfBrowser(
    "one field of toRequest()",
    (req) => req.toRequest().headers.get("user-agent"),
    BROWSER.agent,
  ),
  readsOfBrowser(
    "all fields of toRequest()",
    (req) => [...req.toRequest().headers].length,
    BROWSER_FIELDS,
  ),
  readsOfBrowser(
    "a Request made of toRequest()",
    (req) => new Request(req.toRequest()).headers.get("user-agent"),
    BROWSER.agent,
  ),
  subject({
    name: "WebRequest with 1 KiB of JSON, parsed, and then read: json() of toRequest()",
    run: async () => await orderReader.request().toRequest().json(),
    tell: (order) => JSON.stringify(order),
    expected: ORDER,
  }),
  subject({
    name: "WebRequest with 1 KiB of JSON, parsed, and then read: json()",
    run: () => orderReader.request().json(),
    tell: (order) => JSON.stringify(order),
    expected: ORDER,
  }),
];

benchAll("Request", subjects);
