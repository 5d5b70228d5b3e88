// What the programs for both versions of Express answer. Version 4 does not catch what a handler rejects with.

/**
 * @param express the package
 * @param multer the package that reads uploads
 */
export function appOf(express, multer) {
  const app = express();
  const upload = multer({ storage: multer.memoryStorage() });

  app.use(express.static(new URL("public", import.meta.url).pathname));
  app.use(express.json());
  app.use(express.urlencoded({ extended: true }));

  app.get("/", (_req, res) => {
    res.send("Hello World!");
  });
  app.get("/users/:id", (req, res) => {
    res.json({ id: req.params.id, query: req.query, host: req.hostname, protocol: req.protocol });
  });
  app.post("/echo", (req, res) => {
    res.json(req.body);
  });
  app.post("/form", (req, res) => {
    res.json(req.body);
  });
  app.post("/upload", upload.single("file"), ({ file, body }, res) => {
    const { originalname, mimetype, size, buffer } = file;
    res.json({ body, originalname, mimetype, size, text: buffer.toString() });
  });
  app.get("/cookies", (req, res) => {
    res.cookie("a", "1", { httpOnly: true }).cookie("b", "2");
    res.send(req.headers.cookie ?? "none");
  });
  app.get("/redirect", (_req, res) => {
    res.redirect("/users/7");
  });
  app.get("/stream", async (_req, res) => {
    res.type("text");
    for (const part of ["one ", "two ", "three"]) {
      res.write(part);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    res.end();
  });
  app.get("/file", (_req, res) => {
    res.sendFile(new URL("public/notes.txt", import.meta.url).pathname);
  });
  app.get("/large", (_req, res) => {
    res.send("x".repeat(300_000));
  });
  app.delete("/users/:id", (_req, res) => {
    res.sendStatus(204);
  });
  app.get("/throws", () => {
    throw new Error("on purpose");
  });
  app.get("/rejects", async () => {
    await undefined;
    throw new Error("on purpose");
  });

  return app;
}
