// Where a fetch-style application notices that it runs under Mudpie, and why that is wanted. The
// suite holds both sides to the values given here, and fails if a line explains nothing.

import { ANY, AS_PLAIN, type Difference } from "../../support/fetch_fidelity/comparison.ts";

const SERVER_FETCH = /^server\.fetch\(\)$/;

/** What a Response that no server has sent has no place for. */
const WITHOUT_A_SOCKET: readonly Difference[] = [
  {
    cases: /./,
    at: /\.reason$/,
    ways: SERVER_FETCH,
    deno: /./,
    mudpie: "",
    why: "The reason phrase that belongs to a status is the server's that sends the Response",
  },
  {
    cases: /./,
    at: /\.fields\.(?:date|content-length|connection|transfer-encoding)$/,
    ways: SERVER_FETCH,
    deno: /./,
    mudpie: undefined,
    why: "The server that sends the Response adds these fields",
  },
  {
    cases: /./,
    at: /\.framing$/,
    ways: SERVER_FETCH,
    deno: /^(?:length|chunked)$/,
    mudpie: /^(?:stream|none)$/,
    why: "The server that sends the Response delimits the body",
  },
  {
    cases: /several Cookie fields/,
    at: /^seen\.(?:get|all)$/,
    ways: SERVER_FETCH,
    deno: /a=1; b=2/,
    mudpie: /a=1, b=2/,
    why: "The Headers of the test have joined the fields with a comma before",
  },
  {
    cases: /fields that come several times/,
    at: /^seen\.(?:x-empty|all|a copy)$/,
    ways: /server\.fetch/,
    deno: /, /,
    mudpie: ANY,
    why: "The Headers of the server before drop a second empty value when they are read",
  },
];

/** What the request line and the Host field are made into. */
const URLS: readonly Difference[] = [
  {
    cases: /the URL of a Request/,
    at: /^seen\.(?:url|of a (?:clone|copy))$/,
    deno: ANY,
    mudpie: AS_PLAIN,
    why: "A URL is written as the URL standard does, so that its path is the one that was routed",
  },
  {
    cases: /the URL of a Request: method (?:get|post|Put|delete|options|head)/,
    at: /^seen\.(?:method|of a (?:clone|copy))$|^answers\[0\]\.body$/,
    ways: SERVER_FETCH,
    deno: ANY,
    mudpie: ANY,
    why: "The Request of the test has its method in upper case",
  },
  {
    cases: /a GET with a body, each member/,
    at: /^answers\[\d+\]\.fields\.connection$|^connection$/,
    deno: /^(?:close|is closed)$/,
    mudpie: ANY,
    why: "A small body that is not read is discarded, and the connection stays open",
  },
];

/** What Deno.serve's Request has of its own, unlike each other Request of the platform. */
const REQUESTS: readonly Difference[] = [
  {
    cases: /Request|frameworks/,
    at: /redirect|a member of the platform/,
    deno: "undefined",
    mudpie: AS_PLAIN,
    why: "Deno.serve forgets `redirect`; each Request has one (WHATWG Fetch, section 5.3)",
  },
  {
    cases: /copies of a Request: .*sent on/,
    at: /^answers\[0\]\.reason/,
    deno: "Internal Server Error",
    mudpie: /^(?:OK|Non.Authoritative Information)$/,
    why: "Deno.serve's fetch(request) fails, since its Request has no `redirect`",
  },
  {
    cases: /copies of a Request: .*sent on/,
    at: /^answers\[0\]\.fields\.content-length/,
    deno: "21",
    mudpie: /^\d+$/,
    why: "Deno.serve's fetch(request) fails, since its Request has no `redirect`",
  },
  {
    cases: /copies of a Request: .*sent on/,
    at: /^answers|^seen/,
    deno: ANY,
    mudpie: AS_PLAIN,
    why: "Deno.serve's fetch(request) fails, since its Request has no `redirect`",
  },
  {
    cases: /a body that is read after the response/,
    at: /^seen\.(?:method and url|headers)$/,
    deno: "throws TypeError: Request closed",
    mudpie: AS_PLAIN,
    why: "The head of a request stays readable after the response",
  },
  {
    cases: /requests of which nothing was touched/,
    at: /^seen\.first/,
    deno: "throws TypeError: Request closed",
    mudpie: AS_PLAIN,
    why: "The head of a request stays readable after the response",
  },
  {
    cases: /programs: steps with a Request/,
    at: /^seen\.step/,
    deno: "rejects with TypeError: Request closed",
    mudpie: AS_PLAIN,
    why: "A reader that is not awaited may look at the fields after the response",
    isOptional: true,
  },
  {
    cases: /a PUT of bytes/,
    at: /^seen\.json$/,
    deno: /^rejects with SyntaxError: Unexpected token '\ufeff'/,
    mudpie: /^rejects with SyntaxError: Unexpected token '\0'/,
    why: "Deno.serve's json() does not remove a byte order mark, as text() does",
  },
  {
    cases: /another prototype/,
    at: /^seen\./,
    deno: ANY,
    mudpie: /TypeError: Illegal invocation$/,
    why: "A request reads its head through its prototype, so that it costs nothing before",
  },
  {
    cases: /after the response/,
    at: /^seen\.aborted$/,
    deno: true,
    mudpie: false,
    why:
      "Deno.serve aborts each signal after its response, unless --unstable-no-legacy-abort is on",
  },
  {
    cases: /what info has/,
    at: /^seen\.same$/,
    deno: false,
    mudpie: true,
    why: "The address is made once",
  },
];

/** How bodies are delimited, and which fields are the server's. */
const FRAMING: readonly Difference[] = [
  {
    cases: /./,
    at: /\.framing$/,
    deno: "chunked",
    mudpie: "length",
    why: "A body that is there at once is sent with its length",
  },
  {
    cases: /./,
    at: /\.fields\.transfer-encoding$/,
    deno: "chunked",
    mudpie: undefined,
    why: "A body that is there at once is sent with its length",
  },
  {
    cases: /./,
    at: /\.fields\.content-length$/,
    deno: undefined,
    mudpie: /^\d+$/,
    why: "A body that is there at once is sent with its length, as is the answer to its HEAD",
  },
  {
    cases: /to HEAD/,
    at: /\.fields\.transfer-encoding$/,
    deno: undefined,
    mudpie: "chunked",
    why: "A HEAD gets the fields that a GET would get (RFC 9110, section 9.3.2)",
  },
  {
    cases: /status 205|phrases of statuses/,
    at: /\.framing$/,
    deno: "none",
    mudpie: "length",
    why: "A 205 has a length of 0 (RFC 9110, section 15.3.6)",
  },
  {
    cases: /a large body as that of a Response/,
    at: /connection$|framing$|fields\.(?:content-length|transfer-encoding)$/,
    deno: ANY,
    mudpie: ANY,
    why: "Under Deno.serve it depends on how much of the body has come with the head",
    isOptional: true,
  },
  {
    cases: /a date of its own/,
    at: /\.fields\.date$/,
    deno: "Tue, 01 Jan 2030 00:00:00 GMT",
    mudpie: "now",
    why: "Date is the server's",
  },
  {
    cases: /Connection: keep-alive|Keep-Alive|Trailer/,
    at: /\.fields\.(?:connection|keep-alive|trailer)$/,
    deno: /^(?:keep-alive|timeout=5|x-one)$/,
    mudpie: undefined,
    why: "The fields of the connection are the server's (RFC 9110, section 7.6.1)",
  },
  {
    cases: /Connection: close/,
    at: /^connection$/,
    deno: "is open",
    mudpie: "is closed",
    why: "Connection: close ends the connection after the response",
  },
  {
    cases: /Connection: close|Upgrade/,
    at: /\.fields\.connection$/,
    ways: /^Deno\.serve\(server\.fetch\)$/,
    deno: /^(?:close|upgrade)$/,
    mudpie: undefined,
    why: "The connection is that of the server outside",
  },
  {
    cases: /./,
    at: /\.reason$/,
    deno: /^(?:Non Authoritative Information|Payload Too Large)$/,
    mudpie: /^(?:Non-Authoritative Information|Content Too Large)$/,
    why: "Reason phrases are those of RFC 9110, section 15",
  },
];

/** How streams end. */
const STREAMS: readonly Difference[] = [
  {
    cases: /a stream that fails after/,
    at: /^answers\[0\]\.body$|^connection$/,
    ways: SERVER_FETCH,
    deno: ANY,
    mudpie: /^(?:|is open)$/,
    why: "The reader of the Response gets the error, and no connection ends",
  },
  {
    cases: /a stream to HEAD is cancelled/,
    at: /^seen\.cancel$/,
    deno: "sent",
    mudpie: "cancelled",
    why: "Deno.serve reads a stream whose bytes are not sent to its end",
  },
  {
    cases: /a stream is cancelled when the client leaves/,
    at: /^seen\.cancel$/,
    ways: SERVER_FETCH,
    deno: "cancelled",
    mudpie: "is awaited in vain",
    why: "A Response that is not read has no client that leaves",
  },
];

/** What Mudpie answers where Deno.serve sends something that the handler did not mean. */
const FAULTS: readonly Difference[] = [
  {
    cases: /./,
    at: /\.fields\.content-type$/,
    deno: undefined,
    mudpie: "text/plain; charset=utf-8",
    why: "A 500 names the media type of its text",
  },
  {
    cases: /a stream of text$/,
    at: /^answers|^connection$/,
    deno: /^(?:|true|is closed)$/,
    mudpie: /^(?:text|false|is open)$/,
    why: "Deno.serve cuts off a stream of text; it is sent as UTF-8",
  },
  {
    cases: /an array(?: of bytes)?, |a stream that fails at once/,
    at: /^answers|^connection$/,
    deno: ANY,
    mudpie: /^(?:500|21|Internal Server Error|text\/plain; charset=utf-8|false|is open)$/,
    why: "Deno.serve cuts off a body that fails at once; nothing was sent before, so a 500 can be",
  },
  {
    cases: /a body that is locked/,
    at: /^answers/,
    deno: /^(?:200|6|OK|locked|text\/plain;charset=UTF-8)$/,
    mudpie: /^(?:500|21|Internal Server Error|text\/plain; charset=utf-8)$/,
    why: "Deno.serve sends text that another reader has locked; a stream it does not send",
  },
  {
    cases: /Response\.redirect to a path/,
    at: /^seen|^answers/,
    ways: /isolation|command line/,
    deno: ANY,
    mudpie: /^(?:an object of class Response|302|0|Found||file:\/\/\/path)$/,
    why: "A worker has a `location`, against which the platform resolves paths",
  },
  {
    cases: /Response\.redirect to a path/,
    at: /\.fields\.content-type$/,
    ways: /isolation|command line/,
    deno: "text/plain;charset=UTF-8",
    mudpie: undefined,
    why: "A worker has a `location`, against which the platform resolves paths",
  },
];

/** The `Response` that workers have in place of the platform's (the option `fastResponse`). */
const FAST_RESPONSE = /^(?:fetchHandler\(\) with isolation|the command line with (?:web|threads))/;
const RESPONSES: readonly Difference[] = [
  {
    cases: /a Response as an object: the class/,
    at: /^seen\.members$/,
    deno: ANY,
    mudpie: /"Symbol\(\[\[NotSerializable\]\]\)","Symbol\(serve native response\)"\]$/,
    why: "An accessor keeps Deno from freeing the native part of a response twice",
  },
  {
    cases: /a Response as an object: the class/,
    at: /^seen\.its prototype$/,
    ways: FAST_RESPONSE,
    deno: true,
    mudpie: false,
    why: "A response that is known by its parts has a prototype between itself and the platform's",
  },
  {
    cases: /a Response as an object: the class/,
    at: /^seen\.descriptor$/,
    ways: FAST_RESPONSE,
    deno: { writable: "undefined", enumerable: false, configurable: true },
    mudpie: { writable: true, enumerable: false, configurable: true },
    why: "The platform's descriptor has accessors until the program assigns to the name",
  },
  {
    cases: /a Response as an object: the class/,
    at: /^seen\.inspect class$/,
    ways: FAST_RESPONSE,
    deno: /^\[class Response\]/,
    mudpie: /^\[Function: Response\]/,
    why: "The prototype of a class cannot be another one's, and `instanceof` looks at it",
  },
  {
    cases: /getters that count/,
    at: /^seen\./,
    ways: FAST_RESPONSE,
    deno: ["status", "status", "statusText", "statusText", "headers", "x-one", "x-two"],
    mudpie: ["status", "statusText", "headers", "x-one", "x-two"],
    why: "Each member of an init is read once (Web IDL, section 3.2.17)",
  },
  {
    cases: /a Response as an object: setPrototypeOf/,
    at: /^seen\.double$/,
    ways: FAST_RESPONSE,
    deno: 400,
    mudpie: "throws TypeError: Illegal invocation",
    why: "A response reads its parts through its prototype, so that they cost nothing before",
  },
  {
    cases: /a frozen response/,
    at: /^answers\[0\]/,
    ways: FAST_RESPONSE,
    deno: ANY,
    mudpie: /^(?:200|OK|frozen|6|text\/plain;charset=UTF-8)$/,
    why: "Deno.serve cannot send a frozen response",
  },
];

/** The differences from Deno.serve. */
export const DIFFERENCES: readonly Difference[] = [
  ...WITHOUT_A_SOCKET,
  ...URLS,
  ...REQUESTS,
  ...FRAMING,
  ...STREAMS,
  ...FAULTS,
  ...RESPONSES,
];
