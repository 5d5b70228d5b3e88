// Listening on Unix sockets: each worker has one of its own, at a path with its place in it, for a front end on the same machine that
// chooses among them. The place of a worker that goes is taken over by the one that replaces it: it listens beside the old socket
// and moves its own over it, which the kernel does in one step. So at each moment somebody answers at the path, and what waits in the old
// socket's queue is still accepted by its own worker.

/** What stands for the place of a worker in a path. */
const PLACE = "{n}";

/** A path may have so many bytes: the system's structure for it has 108, the last of which is zero (unix(7)); 104 on macOS and the BSDs. */
const MAX_PATH_BYTES = Deno.build.os === "linux" ? 107 : 103;

/** How many characters stand behind the path where a new worker listens before it takes the path over. */
const BEGINNING_LENGTH = ".01234567".length;

/**
 * A path of its own for a socket that is to take another's place: Deno removes the file at the path where a socket has begun when it is
 * closed, whoever's it is by then.
 */
function beginningOf(path: string): string {
  return `${path}.${crypto.randomUUID()}`.slice(0, path.length + BEGINNING_LENGTH);
}

const NOT_A_SOCKET = "something else than a socket is there; remove it, or pass another path";

/** How long to wait for whoever may be listening already. A Unix socket answers at once or never. */
const PROBE_MS = 1_000;

/**
 * The path of a place, counted from 1: the place stands where the pattern has `{n}`, or else before the extension, so that `app.sock` is
 * `app.1.sock`.
 */
export function socketPath(pattern: string, place: number | typeof PLACE): string {
  if (pattern.includes(PLACE)) return pattern.replaceAll(PLACE, String(place));
  const nameAt = pattern.lastIndexOf("/") + 1;
  const dotAt = pattern.lastIndexOf(".");
  if (dotAt <= nameAt) return `${pattern}.${place}`;
  return `${pattern.slice(0, dotAt)}.${place}${pattern.slice(dotAt)}`;
}

/**
 * Makes sure that workers can listen at so many places, and clears away what an earlier process has left there.
 *
 * @throws {Error} where something else than a socket is there, somebody listens already, the folder is missing or may not be written to,
 * or the path is too long; the message says what to do
 */
export async function reserveSocketPaths(pattern: string, places: number): Promise<void> {
  for (let place = 1; place <= places; place++) {
    const path = socketPath(pattern, place);
    const length = new TextEncoder().encode(path).length + BEGINNING_LENGTH;
    if (length > MAX_PATH_BYTES) {
      throw cannotListen(
        path,
        `the path is too long: the system takes ${MAX_PATH_BYTES} bytes, and ${length} are needed`,
      );
    }
    await clear(path);
    tryFolder(path);
  }
}

/** Removes a socket that nobody listens on. */
async function clear(path: string): Promise<void> {
  const found = lookAt(path);
  if (found === undefined) return;
  if (!found.isSocket) {
    throw cannotListen(path, NOT_A_SOCKET);
  }
  if (await isListening(path)) {
    throw cannotListen(
      path,
      "another process listens there; stop it, or pass another path",
    );
  }
  removeSocket(path);
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw explain(path, error);
  }
}

async function isListening(path: string): Promise<boolean> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error("no answer")), PROBE_MS);
  try {
    const connecting = Deno.connect({ transport: "unix", path });
    connecting.then((connection) => connection.close(), () => {});
    await Promise.race([connecting, timeout.promise]);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    if (error instanceof Deno.errors.PermissionDenied) {
      throw cannotListen(
        path,
        "a socket is there that this user may not look at; remove it, or pass another path",
      );
    }
    if (error instanceof Deno.errors.NotCapable) throw explain(path, error);
    // Gone meanwhile, or there and not answering, which is somebody all the same.
    return !(error instanceof Deno.errors.NotFound);
  } finally {
    clearTimeout(timer);
  }
}

/** Listens for a moment: the folder is there, and may be written to. */
function tryFolder(path: string): void {
  const beginning = beginningOf(path);
  listen(path, beginning).close();
  removeSocket(beginning);
}

/** Listens at the beginning of a path. What is wrong is said of the path. */
function listen(path: string, beginning: string): Deno.UnixListener {
  try {
    return Deno.listen({ transport: "unix", path: beginning });
  } catch (error) {
    throw explain(path, error);
  }
}

/**
 * Listens at a path, in place of whoever did so before; `onListening` is called just before that. `mode` are the file's permissions.
 *
 * @throws {Error} where something else than a socket is at the path, or the folder has gone or may not be written to any more, with a
 * message that says what to do; and what `onListening` throws
 */
export function listenOnSocket(
  path: string,
  mode: number | undefined,
  onListening: () => void = () => {},
): Deno.UnixListener {
  const beginning = beginningOf(path);
  const listener = listen(path, beginning);
  try {
    if (mode !== undefined) Deno.chmodSync(beginning, mode);
    onListening();
    if (lookAt(path)?.isSocket === false) throw cannotListen(path, NOT_A_SOCKET);
    Deno.renameSync(beginning, path);
  } catch (error) {
    listener.close();
    throw error;
  }
  return listener;
}

/** Removes a socket, if it is there: nobody can connect any more, and what was connected, or waits to be accepted, stays. */
export function removeSocket(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function explain(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotCapable) {
    return cannotListen(
      path,
      "Deno was not given the permission to; run it with --allow-net, and --allow-read and --allow-write for the folder, or with -A",
    );
  }
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return cannotListen(path, "its folder is not there; make it, or pass another path");
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return cannotListen(
      path,
      "the system does not let this user write to its folder; pass another path, or change the folder's owner",
    );
  }
  return error instanceof Error ? cannotListen(path, error.message) : error;
}

function cannotListen(path: string, reason: string): Error {
  return new Error(`Cannot listen on the Unix socket ${JSON.stringify(path)}: ${reason}`);
}
