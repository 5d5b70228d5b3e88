// Nitro, as its documentation configures it.

import { defineNitroConfig } from "nitro/config";

export default defineNitroConfig({ serverDir: "./server" });
