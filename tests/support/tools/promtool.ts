// Prometheus' own judgement of what is told to it.

import { hindranceTo } from "./installed.ts";

/** Why promtool cannot be asked; empty where it can be. */
export const PROMTOOL_HINDRANCE: string = hindranceTo("promtool");

/** What `promtool check metrics` has to say; empty where it is content. */
export async function checkMetrics(text: string): Promise<string> {
  const child = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return code === 0 ? said : `${said}(exit code ${code})`;
}
