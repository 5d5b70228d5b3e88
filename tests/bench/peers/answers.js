// What every server of the benchmark answers, and how it finds a cookie: once for all of them, so that none has less to do
// than the next. Plain JavaScript, for every runtime; how it is put into a response is each server's own.

export const HELLO = "Hello World";

export const BYTES_10K = new Uint8Array(10_240).fill(97);
export const BYTES_64K = new Uint8Array(65_536).fill(97);

/**
 * The value of one cookie, as an application finds it that reads one and does not want a table of all.
 * @param {string | null | undefined} field the Cookie field
 * @param {string} name
 * @returns {string | null}
 */
export function cookieValue(field, name) {
  if (field === null || field === undefined) return null;
  const wanted = name + "=";
  let start = 0;
  while (start < field.length) {
    const semicolon = field.indexOf("; ", start);
    const end = semicolon < 0 ? field.length : semicolon;
    if (field.startsWith(wanted, start)) return field.slice(start + wanted.length, end);
    start = end + 2;
  }
  return null;
}

/**
 * The profile of a user: all that is read of a browser's request.
 * @param {string} id the route's parameter
 * @param {string | null} tab a value of the query
 * @param {string | null | undefined} cookie the Cookie field
 * @param {string | null | undefined} agent the User-Agent field
 * @param {string | null | undefined} language the Accept-Language field
 */
export function profileOf(id, tab, cookie, agent, language) {
  return { id, tab, session: cookieValue(cookie, "session"), agent, language };
}

/** A small object, made anew for each request. */
export function statusOf() {
  return { status: "ok", version: "1.4.2", uptime: 4711 };
}

/**
 * What is read of a form: two fields, and a file where there is one.
 * @param {FormData} form
 */
export function formAnswer(form) {
  const file = form.get("file");
  return {
    name: form.get("name"),
    message: form.get("message")?.length,
    file: file === null ? null : file.size,
  };
}
