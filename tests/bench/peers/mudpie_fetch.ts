// A program of Mudpie that mounts the application that the environment names by `fetchHandler`.

import { fetchHandler, WebServer } from "../../../mod.ts";
import { app } from "./app.js";
import { hostname, port, workers } from "./settings.js";

const server = new WebServer({ accessLog: "off" });
server.addPath("/", fetchHandler(app.fetch));
await server.run({ hostname, port, workers });
