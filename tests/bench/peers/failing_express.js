// What goes wrong, in a program with Express.

import express from "express";
import { answerAt, paths } from "./misbehaviour.js";
import { hostname, port } from "./settings.js";

const app = express();
for (const path of paths) {
  app.get(path, async (_request, response) => response.type("text").send(await answerAt(path)));
}
app.listen(port, hostname);
