// Answers with the form that a client has sent, as JSON, and gives browsers a page from which to send one.

import { type WebRequest, WebResponse } from "../../../mod.ts";
import { appOptions, appServer } from "../servers/app.ts";

const options = appOptions(import.meta.url);
const server = appServer(options);

async function entryOf([name, value]: [string, FormDataEntryValue]): Promise<unknown> {
  if (typeof value === "string") return [name, value];
  return [name, { filename: value.name, type: value.type, content: await value.text() }];
}

async function tellForm(req: WebRequest): Promise<WebResponse> {
  const form = await req.formData();
  return WebResponse.text(JSON.stringify(await Promise.all([...form].map(entryOf))));
}

server.addExactPath("/form", { POST: tellForm });
server.addExactPath("/", () => WebResponse.html("<!doctype html><title>A form</title>"));

await server.run(options.run ?? {});
