// Express 5, with multer for uploads.

import process from "node:process";
import express from "express";
import multer from "multer";
import { appOf } from "./express_routes.js";

const app = appOf(express, multer);
const port = process.env.PORT ?? 3000;

app.listen(port, () => {
  console.log(`Example app listening on port ${port}`);
});
