// Two processes of the application of examples/deploy behind the front ends of examples/deploy, asked all the while: an operator
// reloads one, or stops it and starts it again, and no client notices.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DeployedApp, QuoteLoad } from "../support/servers/deployed_app.ts";
import { Haproxy, HAPROXY_HINDRANCE } from "../support/front_ends/haproxy.ts";
import {
  NGINX_HINDRANCE,
  startDeployedNginx,
  startDeployedNginxOnSockets,
} from "../support/front_ends/nginx.ts";

const FRONT_ENDS = [
  { name: "nginx", hindrance: NGINX_HINDRANCE, start: startDeployedNginx },
  { name: "HAProxy", hindrance: HAPROXY_HINDRANCE, start: Haproxy.start },
];

/** Enough to go on meanwhile, whatever happens. */
const SOME = 300;

for (const { name, hindrance, start } of FRONT_ENDS) {
  describe(`Two processes behind ${name}${hindrance}`, { ignore: hindrance !== "" }, () => {
    it("a rolling reload of one costs no request, and no POST is done twice", async () => {
      using quotes = new QuoteLoad();
      await using first = await DeployedApp.start(quotes.environment);
      await using second = await DeployedApp.start(quotes.environment);
      await using frontEnd = await start([first, second]);
      await using load = quotes.start(frontEnd.port);
      await load.answers(SOME);
      await first.reload();
      await load.answers(SOME);
      quotes.assertEachOnce(await load.stop());
    });
  });
}

describe(`A process on Unix sockets behind nginx${NGINX_HINDRANCE}`, {
  ignore: NGINX_HINDRANCE !== "",
}, () => {
  it("a rolling reload costs no request, and no POST is done twice", async () => {
    using quotes = new QuoteLoad();
    const SOCKET = `${quotes.folder}/app.{n}.sock`;
    await using app = await DeployedApp.start({ ...quotes.environment, SOCKET });
    await using nginx = await startDeployedNginxOnSockets(quotes.folder);
    await using load = quotes.start(nginx.port);
    await load.answers(SOME);
    await app.reload();
    await load.answers(SOME);
    quotes.assertEachOnce(await load.stop());
  });
});

describe(`One of two processes behind HAProxy${HAPROXY_HINDRANCE}`, {
  ignore: HAPROXY_HINDRANCE !== "",
}, () => {
  it("a restart costs no request, and no POST is done twice, with a shutdownDelay in which it is noticed", async () => {
    using quotes = new QuoteLoad();
    // As in mudpie.service.
    const environment = { ...quotes.environment, SHUTDOWN_DELAY: "3000" };
    await using first = await DeployedApp.start(environment);
    await using second = await DeployedApp.start(environment);
    await using haproxy = await Haproxy.start([first, second]);
    await using load = quotes.start(haproxy.port);
    await haproxy.sends("app1", SOME);
    assertEquals(await first.stop(), 0);
    await haproxy.sees("app1", "DOWN");
    await load.answers(SOME);
    await first.startAgain();
    await haproxy.sees("app1", "UP");
    await haproxy.sends("app1", SOME);
    quotes.assertEachOnce(await load.stop());
  });

  it("a restart costs no request, and no POST is done twice, when HAProxy is told before", async () => {
    using quotes = new QuoteLoad();
    await using first = await DeployedApp.start(quotes.environment);
    await using second = await DeployedApp.start(quotes.environment);
    await using haproxy = await Haproxy.start([first, second]);
    await using load = quotes.start(haproxy.port);
    await haproxy.sends("app1", SOME);
    await haproxy.takeOut("app1");
    assertEquals(await first.stop(), 0);
    await load.answers(SOME);
    await first.startAgain();
    await haproxy.putBack("app1");
    await haproxy.sends("app1", SOME);
    quotes.assertEachOnce(await load.stop());
  });
});
