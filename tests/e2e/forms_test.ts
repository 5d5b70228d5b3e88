// Forms as real clients send them: a browser's own, curl's, and Deno's. Whatever the user has entered is what the handler gets.

import { assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { Chromium, CHROMIUM_HINDRANCE, type Page } from "../support/tools/chromium.ts";
import { hindranceTo } from "../support/tools/installed.ts";
import { CAN_START_APPS, startApp, type StartedApp } from "../support/servers/started_app.ts";

/** A file that a user chooses. */
interface ChosenFile {
  readonly filename: string;
  readonly type: string;
  readonly content: string;
}

/** What a user enters: fields, and files that they choose. */
type Entered = readonly (readonly [name: string, value: string | ChosenFile])[];

function chosen(filename: string, content = "1", type = "text/plain"): ChosenFile {
  return { filename, type, content };
}

/** What a browser leaves as it is. */
const ENTERED: readonly { readonly what: string; readonly entries: Entered }[] = [
  { what: "a field", entries: [["a", "1"]] },
  { what: "the same name twice", entries: [["a", "1"], ["a", "2"]] },
  { what: "an empty value", entries: [["a", ""]] },
  { what: "line ends in a value", entries: [["a", "1\r\n\r\n--\r\n2\r\n"]] },
  { what: "a quote in a name", entries: [['a"b', "1"]] },
  { what: "a semicolon in a name", entries: [["a; filename=b", "1"]] },
  { what: "a quote and a semicolon in a name", entries: [['a"; filename="b', "1"]] },
  { what: "CR LF in a name", entries: [["a\r\nContent-Type: b\r\n\r\nc", "1"]] },
  { what: "backslashes in a name", entries: [["\\a\\\\b\\", "1"], ['a\\"b', "2"]] },
  { what: "percent signs in a name", entries: [["100% %20 %2522 %0d", "1"]] },
  { what: "brackets in a name", entries: [["a[b][]", "1"]] },
  { what: "spaces in a name", entries: [["  a b  ", "1"]] },
  { what: "control characters in a name", entries: [["a\x01\t\x7f", "1"]] },
  { what: "Unicode", entries: [["ü日🦕", "日本 🦕\u0000\u2028"]] },
  { what: "a byte order mark", entries: [["\ufeffa", "\ufeff1"]] },
  { what: "a file", entries: [["f", chosen("b.txt")]] },
  { what: "an empty file", entries: [["f", chosen("b.txt", "")]] },
  { what: "a file between fields", entries: [["a", "1"], ["f", chosen("b")], ["c", "3"]] },
  { what: "a semicolon in a file name", entries: [["f", chosen("a;b.txt")]] },
  { what: "a quote in a file name", entries: [["f", chosen('a"b.txt')]] },
  { what: "backslashes in a file name", entries: [["f", chosen("C:\\x\\y.txt")]] },
  { what: "a backslash at the end of a file name", entries: [["f", chosen("a\\")]] },
  { what: "Unicode in a file name", entries: [["f", chosen("日本 ü🦕.txt")]] },
  {
    what: "a single quote, an equals sign and a comma in a file name",
    entries: [["f", chosen("a'b=c,d")]],
  },
  {
    what: "a type with a parameter",
    entries: [["f", chosen("b", "1", "text/plain;charset=utf-8")]],
  },
  {
    what: "a form in a file",
    entries: [[
      "f",
      chosen("b", '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X--'),
    ]],
  },
];

/** Makes FormData of what was entered, in a page. */
const AS_FORM_DATA = `(entries) => {
  const form = new FormData();
  for (const [name, value] of entries) {
    form.append(name, typeof value === "string" ? value
      : new File([value.content], value.filename, { type: value.type }));
  }
  return form;
}`;

/** Makes a form element of what was entered, in a page, submits it into a frame, and resolves to the text of the answer. */
const SUBMIT = `(entries, enctype) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", enctype, action: "/form" });
  for (const [name, value] of entries) {
    const element = document.createElement(typeof value === "string" ? "textarea" : "input");
    element.name = name;
    if (typeof value === "string") element.value = value;
    else {
      element.type = "file";
      const transfer = new DataTransfer();
      if (value.filename !== "") {
        transfer.items.add(new File([value.content], value.filename, { type: value.type }));
      }
      element.files = transfer.files;
    }
    form.append(element);
  }
  const frame = document.createElement("iframe");
  form.target = frame.name = "answer";
  document.body.replaceChildren(form, frame);
  const answer = new Promise((resolve) => {
    frame.onload = () => resolve(frame.contentDocument.body.textContent);
  });
  form.submit();
  return answer;
}`;

describe(`forms of a browser${CHROMIUM_HINDRANCE}`, { ignore: CHROMIUM_HINDRANCE !== "" }, () => {
  let browser: Chromium;
  let app: StartedApp;
  let page: Page;
  beforeAll(async () => {
    app = await startApp("reads_forms.ts", { run: { workers: 1 } });
    browser = await Chromium.start();
    const url = `http://127.0.0.1:${app.port}/`;
    page = await browser.open(url, { width: 800, height: 600, scheme: "light" });
    await page.until(
      "document.title === 'A form' && document.readyState === 'complete'",
      "the page",
    );
  });
  afterAll(async () => {
    await page?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
    await app?.[Symbol.asyncDispose]();
  });

  const submit = async (entries: Entered, enctype: string) => {
    const submission = `(${SUBMIT})(${JSON.stringify(entries)}, ${JSON.stringify(enctype)})`;
    return JSON.parse(await page.evaluate<string>(submission));
  };

  for (const { what, entries } of ENTERED) {
    it(`WebRequest.formData() reads ${what} that a page submits`, async () => {
      assertEquals(await submit(entries, "multipart/form-data"), entries);
    });
  }

  it("WebRequest.formData() reads what a script sends with fetch()", async () => {
    for (const { what, entries } of ENTERED) {
      const text = await page.evaluate<string>(
        `fetch("/form", { method: "POST", body: (${AS_FORM_DATA})(${JSON.stringify(entries)}) })
          .then((response) => response.text())`,
      );
      assertEquals(JSON.parse(text), entries, what);
    }
  });

  it("WebRequest.formData() keeps an empty name that a script sends", async () => {
    const text = await page.evaluate<string>(
      `fetch("/form", { method: "POST", body: (${AS_FORM_DATA})([["", "1"], ["", { filename: "", content: "", type: "" }]]) })
        .then((response) => response.text())`,
    );
    const nothing = { filename: "", type: "application/octet-stream", content: "" };
    assertEquals(JSON.parse(text), [["", "1"], ["", nothing]]);
  });

  it("WebRequest.formData() reads an empty form of a script", async () => {
    const text = await page.evaluate<string>(
      `fetch("/form", { method: "POST", body: new FormData() }).then((response) => response.text())`,
    );
    assertEquals(text, "[]");
  });

  it("WebRequest.formData() gives a File with an empty name where the user has chosen none", async () => {
    const entries: Entered = [["f", chosen("")]];
    assertEquals(await submit(entries, "multipart/form-data"), [
      ["f", { filename: "", type: "application/octet-stream", content: "" }],
    ]);
  });

  it("WebRequest.formData() reads line ends in names and values as CR LF", async () => {
    assertEquals(await submit([["a\nb\rc", "1\n2"]], "multipart/form-data"), [
      ["a\r\nb\r\nc", "1\r\n2"],
    ]);
  });

  it("WebRequest.formData() reads urlencoded forms that a page submits", async () => {
    for (const { what, entries } of ENTERED) {
      const fields = entries.filter(([, value]) => typeof value === "string");
      if (fields.length === 0) continue;
      assertEquals(await submit(fields, "application/x-www-form-urlencoded"), fields, what);
    }
  });
});

const curlHindrance = hindranceTo("curl");

describe(`forms of curl${curlHindrance}`, { ignore: curlHindrance !== "" }, () => {
  let app: StartedApp;
  let folder: string;
  beforeAll(async () => {
    app = await startApp("reads_forms.ts", { run: { workers: 1 } });
    folder = await Deno.makeTempDir();
  });
  afterAll(async () => {
    await app?.[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  });

  const curl = async (...args: string[]) => {
    const { stdout } = await new Deno.Command("curl", {
      args: [
        "--silent",
        "--write-out",
        "\n%{http_code}",
        ...args,
        `http://127.0.0.1:${app.port}/form`,
      ],
    }).output();
    const [body, status] = new TextDecoder().decode(stdout).split(/\n(?=\d+$)/);
    return { body, status: Number(status) };
  };

  const sent: { what: string; args: string[]; entries: Entered }[] = [
    { what: "fields", args: ["-F", "a=1", "-F", "b=2 3"], entries: [["a", "1"], ["b", "2 3"]] },
    { what: "a quote in a name", args: ["-F", 'a"b\\c=1'], entries: [['a"b\\c', "1"]] },
    {
      what: "an escaped quote in a name",
      args: ["--form-escape", "-F", 'a"b\\c=1'],
      entries: [['a"b\\c', "1"]],
    },
    {
      what: "a type of a field",
      args: ["-F", "a={};type=application/json"],
      entries: [["a", "{}"]],
    },
    {
      what: "a header field of a part",
      args: ["-F", 'a=1;headers="X-A: b"'],
      entries: [["a", "1"]],
    },
    { what: "an urlencoded form", args: ["--data-urlencode", "a=ü&?"], entries: [["a", "ü&?"]] },
    {
      what: "an urlencoded form that begins with a question mark",
      args: ["-d", "?a=1"],
      entries: [["?a", "1"]],
    },
  ];
  for (const { what, args, entries } of sent) {
    it(`WebRequest.formData() reads ${what}`, async () => {
      const { body, status } = await curl(...args);
      assertEquals(status, 200, body);
      assertEquals(JSON.parse(body), entries);
    });
  }

  const sendFile = async (name: string, ...way: string[]) => {
    const path = `${folder}/${name}`;
    await Deno.writeTextFile(path, "1");
    // In quotes curl reads a path with backslash escapes.
    return await curl(...way, "-F", `f=@"${path.replace(/["\\]/g, "\\$&")}"`);
  };
  const readFile = async (name: string, ...way: string[]) => {
    const { body, status } = await sendFile(name, ...way);
    assertEquals(status, 200, body);
    const [[field, { filename, content }]] = JSON.parse(body);
    assertEquals([field, content], ["f", "1"]);
    return filename;
  };

  for (const name of ["a;b.txt", 'a"b.txt', "C:\\x.txt", "日本 ü.txt", "a\nb", "100%.txt"]) {
    it(`WebRequest.formData() reads the file name ${JSON.stringify(name)}`, async () => {
      assertEquals(await readFile(name), name);
    });
  }

  for (const name of ["a;b.txt", 'a"b.txt', 'C:\\"x".txt', "日本 ü.txt", "100%.txt"]) {
    it(`WebRequest.formData() reads the file name ${JSON.stringify(name)} with escapes`, async () => {
      assertEquals(await readFile(name, "--form-escape"), name);
    });
  }

  it("WebRequest.formData() keeps doubled backslashes where no quote shows that they are escapes", async () => {
    assertEquals(await readFile("C:\\x.txt", "--form-escape"), "C:\\\\x.txt");
  });

  it("WebRequest.formData() refuses a file name with a bare LF with 400 and the reason", async () => {
    const { body, status } = await sendFile("a\nb", "--form-escape");
    assertEquals(status, 400);
    assertMatch(body, /^Part 1 of the form has a line end in its header fields/);
  });

  it("WebRequest.formData() refuses a part without a name with 400 and the reason", async () => {
    assertEquals(await curl("-F", "=1"), { status: 400, body: "Part 1 of the form has no name" });
  });

  it("WebRequest.formData() refuses a part in base64 with 400 and the reason", async () => {
    const { body, status } = await curl("-F", "a=1;encoder=base64");
    assertEquals(status, 400);
    assertMatch(body, /^Part 1 of the form has a Content-Transfer-Encoding/);
  });
});

describe("forms of Deno", { ignore: !CAN_START_APPS }, () => {
  it("WebRequest.formData() reads whatever fetch() sends", async () => {
    await using app = await startApp("reads_forms.ts", { run: { workers: 1 } });
    for (const { what, entries } of ENTERED) {
      const body = new FormData();
      for (const [name, value] of entries) {
        if (typeof value === "string") body.append(name, value);
        else body.append(name, new File([value.content], value.filename, { type: value.type }));
      }
      const response = await fetch(`http://127.0.0.1:${app.port}/form`, { method: "POST", body });
      assertEquals(await response.json(), entries, what);
    }
  });
});
