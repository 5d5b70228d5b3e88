// Two processes of the application of examples/deploy behind the front ends of examples/deploy, asked all the while: an operator
// reloads one, or stops it and starts it again, and no client notices.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DeployedApp, QuoteLoad } from "../support/deployed_app.ts";
import { Haproxy, HAPROXY_HINDRANCE } from "../support/haproxy.ts";
import { NGINX_HINDRANCE, startDeployedNginx } from "../support/nginx.ts";

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
      await using frontEnd = await start([first.port, second.port]);
      await using load = quotes.start(frontEnd.port);
      for (let reloads = 0; reloads < 2; reloads++) {
        await load.answers(SOME);
        await first.reload();
      }
      await load.answers(SOME);
      quotes.assertEachOnce(await load.stop());
    });
  });
}

describe(`One of two processes behind HAProxy${HAPROXY_HINDRANCE}`, {
  ignore: HAPROXY_HINDRANCE !== "",
}, () => {
  it("a restart costs no request, and no POST is done twice", async () => {
    using quotes = new QuoteLoad();
    await using first = await DeployedApp.start(quotes.environment);
    await using second = await DeployedApp.start(quotes.environment);
    await using haproxy = await Haproxy.start([first.port, second.port]);
    await using load = quotes.start(haproxy.port);
    for (let restarts = 0; restarts < 2; restarts++) {
      await haproxy.sends("app1", SOME);
      await haproxy.takeOut("app1");
      assertEquals(await first.stop(), 0);
      await load.answers(SOME);
      await first.startAgain();
      await haproxy.putBack("app1");
    }
    await haproxy.sends("app1", SOME);
    await load.answers(SOME);
    quotes.assertEachOnce(await load.stop());
  });
});
