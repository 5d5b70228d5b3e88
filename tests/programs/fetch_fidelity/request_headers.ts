// The headers of a request: what is found, in which order, what can be changed, and what throws.

import type { FidelityCases } from "../../support/fetch_fidelity/fidelity_case.ts";
import { GET } from "./requests.ts";

/** Names that are none, and values that Headers has to convert. */
const NAMES: readonly unknown[] = [
  ...["", " ", "a b", "a:b", "\u00e9", "a\r\n", "Accept ", "__proto__", "constructor", "toString"],
  ...[undefined, null, 7, true, {}, [], ["accept"], 10n],
];
const VALUES: readonly unknown[] = [
  ...["", " a ", "a\r\nb", "a\nb", "\u00e9", "\u{1f600}", "a\0b", "\ta\t"],
  ...[undefined, null, 7, {}, ["a", "b"]],
];

const MANY: [string, string][] = Array.from(
  { length: 60 },
  (_, i) => [`X-Field-${String(i * 37 % 60).padStart(2, "0")}`, `value ${i}`],
);

export const requestHeaders: FidelityCases = {
  "names that are looked for": {
    send: GET,
    handle({ headers }, { notes }) {
      for (const name of NAMES) {
        const shown = typeof name === "bigint" ? "10n" : JSON.stringify(name) ?? "undefined";
        notes.see(`get ${shown}`, () => headers.get(name as string));
        notes.see(`has ${shown}`, () => headers.has(name as string));
        notes.see(`delete ${shown}`, () => headers.delete(name as string));
        notes.see(`set ${shown}`, () => headers.set(name as string, "a"));
        notes.see(`append ${shown}`, () => headers.append(name as string, "a"));
      }
      notes.see("a symbol", () => headers.get(Symbol("a") as unknown as string));
      notes.see("no name", () => (headers.get as () => unknown).call(headers));
      notes.see("no name for has", () => (headers.has as () => unknown).call(headers));
      notes.see("no value", () => (headers.set as (name: string) => unknown).call(headers, "a"));
    },
  },
  "values that are set": {
    send: GET,
    handle({ headers }, { notes }) {
      for (const value of VALUES) {
        const shown = JSON.stringify(value) ?? "undefined";
        notes.see(`set ${shown}`, () => headers.set("x-set", value as string));
        notes.see(`append ${shown}`, () => headers.append("x-set", value as string));
      }
    },
  },
  "changes": {
    send: GET,
    handle(request, { notes }) {
      const { headers } = request;
      notes.see("set", () => headers.set("x-new", "1"));
      notes.see("get", () => headers.get("x-new"));
      notes.see("append", () => headers.append("X-Twice", "three"));
      notes.see("get appended", () => headers.get("x-twice"));
      notes.see("delete", () => headers.delete("Accept"));
      notes.see("has deleted", () => headers.has("accept"));
      notes.see("delete what is not there", () => headers.delete("x-none"));
      notes.see("all", () => [...request.headers]);
      notes.see("of a copy", () => [...new Request(request).headers]);
      notes.see("of a clone", () => [...request.clone().headers]);
      notes.see("set on the clone", () => request.clone().headers.set("x-clone", "1"));
      notes.see("same object", () => headers === request.headers);
    },
  },
  "the order of iteration": {
    send: { target: "/", fields: MANY },
    handle({ headers }, { notes }) {
      notes.see("keys", () => [...headers.keys()]);
      notes.see("values", () => [...headers.values()]);
      notes.see("entries", () => [...headers]);
      notes.see("inspect", () => Deno.inspect(headers));
    },
  },
  "iterators": {
    send: GET,
    handle({ headers }, { notes }) {
      const iterator = headers[Symbol.iterator]();
      notes.see("tag", () => Object.prototype.toString.call(iterator));
      notes.see("first", () => iterator.next());
      notes.see("itself", () => iterator[Symbol.iterator]() === iterator);
      notes.see("rest", () => [...iterator].length);
      notes.see("end", () => iterator.next());
      notes.see(
        "helpers",
        () => Iterator.from(headers.keys()).map((name) => name.length).toArray(),
      );
      notes.see("same function", () => headers.entries === headers[Symbol.iterator]);
    },
  },
  "forEach": {
    send: GET,
    handle({ headers }, { notes }) {
      notes.see("without a function", () => (headers.forEach as (a: unknown) => void)("a"));
      notes.see("names", () => {
        const names: string[] = [];
        headers.forEach((_value, name) => names.push(name));
        return names;
      });
    },
  },
  "fields that come several times": {
    send: {
      fields: [
        ["Accept", "text/html"],
        ["Set-Cookie", "a=1"],
        ["Accept", "*/*;q=0.1"],
        ["Set-Cookie", "b=2"],
        ["X-Empty", ""],
        ["X-Empty", ""],
        ["Warning", "a"],
        ["Warning", ""],
        ["Warning", "b"],
      ],
    },
    handle({ headers }, { notes }) {
      notes.see("accept", () => headers.get("accept"));
      notes.see("set-cookie", () => headers.get("set-cookie"));
      notes.see("getSetCookie", () => headers.getSetCookie());
      notes.see("x-empty", () => headers.get("x-empty"));
      notes.see("warning", () => headers.get("warning"));
      notes.see("all", () => [...headers]);
      notes.see("a copy", () => [...new Headers(headers)]);
    },
  },
  "several Cookie fields": {
    send: { fields: [["Cookie", "a=1"], ["Cookie", "b=2; c=3"]] },
    handle({ headers }, { notes }) {
      notes.see("get", () => headers.get("cookie"));
      notes.see("all", () => [...headers]);
    },
  },
  "names in every case": {
    send: {
      fields: [["X-MiXeD-cAsE", "1"], ["DNT", "1"], ["x-lower", "1"], ["X_Under.Score!", "1"]],
    },
    handle({ headers }, { notes }) {
      notes.see("all", () => [...headers]);
      for (const name of ["x-mixed-case", "X-Mixed-Case", "dnt", "X-LOWER", "x_under.score!"]) {
        notes.see(name, () => [headers.get(name), headers.has(name)]);
      }
    },
  },
  "values of every kind": {
    send: {
      fields: [
        ["X-Spaces", "  a  b  "],
        ["X-Tab", "a\tb"],
        ["X-Latin", "gr\u00fc\u00df"],
        ["X-Quoted", '"a, b"; c="d\\""'],
        ["X-Long", "x".repeat(4_000)],
        ["X-Comma", ",,a,,b,"],
      ],
    },
    handle({ headers }, { notes }) {
      notes.see("all", () => [...headers]);
      for (const name of ["x-spaces", "x-tab", "x-latin", "x-quoted", "x-long", "x-comma"]) {
        notes.see(name, () => headers.get(name));
      }
    },
  },
  "names of Object.prototype": {
    send: { fields: [["__proto__", "a"], ["constructor", "b"], ["toString", "c"]] },
    handle({ headers }, { notes }) {
      notes.see("all", () => [...headers]);
      for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]) {
        notes.see(name, () => [headers.get(name), headers.has(name)]);
      }
    },
  },
  "fields of the connection": {
    send: {
      fields: [
        ["Connection", "keep-alive, X-Hop"],
        ["X-Hop", "1"],
        ["TE", "trailers"],
        ["Keep-Alive", "timeout=5"],
        ["Accept-Encoding", "identity"],
      ],
    },
    handle: ({ headers }, { notes }) => void notes.see("all", () => [...headers]),
  },
  "own properties of headers": {
    send: GET,
    handle({ headers }, { notes }) {
      Object.defineProperty(headers, "get", { value: () => "replaced" });
      (headers as unknown as { note: string }).note = "kept";
      notes.see("get", () => headers.get("accept"));
      notes.see("note", () => (headers as unknown as { note: string }).note);
      notes.see("keys", () => Object.keys(headers));
      notes.see("all", () => [...headers].length);
    },
  },
  "a Proxy around headers": {
    send: GET,
    handle({ headers }, { notes }) {
      const plain = new Proxy(headers, {});
      const binding = new Proxy(headers, {
        get(target, key) {
          const value = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      notes.see("plain get", () => plain.get("accept"));
      notes.see("plain iteration", () => [...plain]);
      notes.see("binding get", () => binding.get("accept"));
      notes.see("binding iteration", () => [...binding]);
      notes.see("new Headers(plain)", () => [...new Headers(plain)]);
      notes.see("new Headers(binding)", () => [...new Headers(binding)]);
      notes.see(
        "in a Request",
        () => [...new Request("http://a.test", { headers: binding }).headers],
      );
    },
  },
  "a subclass of Headers made from them": {
    send: GET,
    handle({ headers }, { notes }) {
      class Mine extends Headers {
        first(): string | undefined {
          return this.keys().next().value;
        }
      }
      const mine = new Mine(headers);
      notes.see("first", () => mine.first());
      notes.see("all", () => [...mine]);
      notes.see("instanceof", () => [mine instanceof Mine, mine instanceof Headers]);
      notes.see("in a Request", () => [...new Request("http://a.test", { headers: mine }).headers]);
    },
  },
};
