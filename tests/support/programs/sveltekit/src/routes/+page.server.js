export const load = ({ cookies }) => {
  cookies.set("seen", "yes", { path: "/" });
  return { name: cookies.get("name") ?? "nobody" };
};
