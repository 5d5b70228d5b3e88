import { defineHandler, getCookie, setCookie } from "nitro/h3";

export default defineHandler((event) => {
  setCookie(event, "seen", "yes");
  return getCookie(event, "name") ?? "nobody";
});
