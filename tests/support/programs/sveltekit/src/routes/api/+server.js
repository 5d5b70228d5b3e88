import { error, json } from "@sveltejs/kit";

export const GET = ({ url, getClientAddress }) => {
  if (url.searchParams.has("fails")) throw new Error("on purpose");
  if (url.searchParams.has("missing")) error(404, "no such thing");
  return json({ name: url.searchParams.get("name"), address: getClientAddress() });
};

export const POST = async ({ request }) => json({ got: await request.json() });
