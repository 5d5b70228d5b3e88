// Error responses, wrappers and the reasons in the log, of whole servers in both isolations.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { get, post, RawClient } from "../support/clients/raw_client.ts";
import { within } from "../support/deadline.ts";
import { Program } from "../support/servers/program.ts";
import { CAN_START_PROGRAMS } from "../support/servers/started_app.ts";

const APP = new URL("../support/apps/surrounds.ts", import.meta.url).pathname;
const SERVER = {
  accessLog: "json",
  errorFormat: "problem",
  handlerTimeout: 500,
  headTimeout: 500,
  maxBodyBytes: 10,
  onPanic: "keep",
};

/** What is sent, and what the client gets and the log has: status, content type, wrapped or not, reason. */
const EXCHANGES: [
  sent: string,
  status: number,
  type: string,
  isWrapped: boolean,
  reason?: string,
][] = [
  [get("/private/a", "Authorization: x"), 200, "text/plain;charset=UTF-8", true],
  [get("/private/a"), 401, "application/problem+json", true],
  [get("/nowhere"), 404, "application/problem+json", true],
  [get("/own/nowhere"), 404, "application/json", true],
  [get("/broken"), 404, "application/problem+json", true],
  [get("/panic"), 500, "application/problem+json", false, "panic"],
  [post("/own", "x".repeat(11)), 413, "application/json", false, "body_too_large"],
  [post("/panic", "x".repeat(11)), 413, "application/problem+json", false, "body_too_large"],
  [get("/own/hang"), 503, "application/json", false, "handler_timeout"],
  [get("/private").slice(0, -2), 408, "application/problem+json", false, "head_timeout"],
];

describe("Error responses of a whole server", { ignore: !CAN_START_PROGRAMS }, () => {
  for (const isolation of ["web", "thread"]) {
    it(`A server in isolation ${isolation} sends error responses in their form, and logs their reasons`, async () => {
      const run = { port: 0, workers: 1, isolation };
      const options = JSON.stringify({ server: SERVER, run });
      await using program = Program.deno(["run", "-A", APP, options], {
        env: { MUDPIE_LOGGING: "1" },
      });
      const { port } = await program.listening();
      for (const [sent, status, type, isWrapped] of EXCHANGES) {
        using client = await RawClient.connect(port);
        await client.send(sent);
        const response = await within(client.readResponse(), `the response to ${sent}`);
        const { headers, text } = response;
        assertEquals(
          [sent, response.status, headers.get("content-type"), headers.get("x-around")],
          [
            sent,
            status,
            type,
            isWrapped ? "all" : null,
          ],
        );
        if (status !== 200) assertEquals(JSON.parse(text).status, status);
        assert(!text.includes("secret"));
      }
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
      const records = program.stdout.all.map((line) => JSON.parse(line));
      assertEquals(
        records.map(({ status, reason }) => [status, reason]),
        EXCHANGES.map(([, status, , , reason]) => [status, reason]),
      );
      for (const { status, durationMs } of records.slice(-2)) {
        assert(durationMs > 400, `${status} took ${durationMs} ms`);
      }
      const errors = program.stderr.all.join("\n");
      assertMatch(errors, /failure of onErrorResponse, for 404 of GET \/broken: Error: a broken/);
      assertMatch(errors, /handler_timeout of GET \/own\/hang: .*handlerTimeout/);
      assertMatch(errors, /head_timeout of a request: .*headTimeout/);
      assertMatch(errors, /body_too_large of POST \/own: .*maxBodyBytes/);
      assertMatch(errors, /body_too_large of 1 more request: /);
    });
  }
});
