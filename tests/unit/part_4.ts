import { loadPart } from "./load.ts";

await loadPart(import.meta.url);
