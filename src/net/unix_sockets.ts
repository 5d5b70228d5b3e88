// Listening on Unix sockets: each worker has one of its own, at a path with its place in it, for a front end on the same machine that
// chooses among them. The place of a worker that goes is taken over by the one that replaces it: it listens beside the old socket
// and moves its own over it, which the kernel does in one step. So at each moment somebody answers at the path, and what waits in the old
// socket's queue is still accepted by its own worker.
// A path may become somebody else's: another server that starts at the same time, or where somebody has removed the file. So only what is
// known for the own socket is replaced, or removed at the end, and a place where nothing is goes to one of those who want it at once.

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

/**
 * Which socket file a place has: each worker that takes the place writes it down, in memory that the supervisor and the next worker see. A
 * number of an inode may be used again, so the time of the file's birth counts, too, where the file system knows it.
 */
export class SocketClaim {
  /** The memory, to be sent to the worker. */
  readonly memory: SharedArrayBuffer;
  readonly #file: Float64Array<SharedArrayBuffer>;

  /** Makes a claim to nothing, or looks at one. */
  constructor(memory = new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#file = new Float64Array(memory);
  }

  /** The claim to a file. */
  static to(file: Deno.FileInfo): SocketClaim {
    const claim = new SocketClaim();
    claim.#file.set(identityOf(file));
    return claim;
  }

  /** Whether that file is the place's own. */
  covers(file: Deno.FileInfo): boolean {
    return identityOf(file).every((part, i) => part === this.#file[i]);
  }

  /**
   * Goes over to another file, which `move` brings to the place. The claim is there first: whoever is terminated behind that leaves
   * nothing that is nobody's. What `move` throws leaves the claim as it was.
   */
  goOver(file: Deno.FileInfo, move: () => void): void {
    const before = this.#file.slice();
    this.#file.set(identityOf(file));
    try {
      move();
    } catch (error) {
      this.#file.set(before);
      throw error;
    }
  }
}

function identityOf({ dev, ino, birthtime }: Deno.FileInfo): number[] {
  return [dev, ino ?? 0, birthtime?.getTime() ?? 0];
}

const NOT_A_SOCKET = "something else than a socket is there; remove it, or pass another path";
const SOMEBODY_LISTENS = "another process listens there; stop it, or pass another path";

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
 * Makes sure that workers can listen at so many places, and clears away what an earlier process has left there, and at higher places if it
 * had more workers.
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
  for (const place of placesIn(pattern)) {
    if (place > places) await clearIfStale(socketPath(pattern, place));
  }
}

/** The places at which there may be a socket. */
function placesIn(pattern: string): number[] {
  const path = socketPath(pattern, PLACE);
  const folderEnd = path.lastIndexOf("/", path.indexOf(PLACE)) + 1;
  const [name] = path.slice(folderEnd).split("/", 1);
  const digitsAt = name.indexOf(PLACE);
  return namesIn(path.slice(0, folderEnd) || ".").flatMap((other) => {
    const digits = /^[1-9][0-9]*/.exec(other.slice(digitsAt))?.[0];
    return digits !== undefined && name.replaceAll(PLACE, digits) === other ? [Number(digits)] : [];
  });
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    // It may be written to and not be read: workers can listen there all the same.
    return [];
  }
}

/** Removes a socket that nobody listens on, and leaves alone whatever else is there. */
async function clearIfStale(path: string): Promise<void> {
  try {
    await clear(path);
  } catch {
    // Somebody has it. No worker is going to listen there, unless more of them are wanted: then it is said.
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
    throw cannotListen(path, SOMEBODY_LISTENS, Deno.errors.AddrInUse);
  }
  // By now it may be another one's.
  removeSocket(path, SocketClaim.to(found));
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
  listen(path, beginningOf(path)).close();
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
 * Listens at a path, in place of the worker that did so before; `onListening` is called just before that. `mode` are the file's permissions,
 * `claim` is what the place has so far, and has from here on.
 *
 * @throws {Deno.errors.AddrInUse} where another process listens there
 * @throws {Error} where something else than a socket is at the path, or the folder has gone or may not be written to any more, with a
 * message that says what to do; and what `onListening` throws
 */
export async function listenOnSocket(
  path: string,
  mode: number | undefined,
  claim: SocketClaim,
  onListening: () => void = () => {},
): Promise<Deno.UnixListener> {
  const beginning = beginningOf(path);
  const listener = listen(path, beginning);
  try {
    if (mode !== undefined) Deno.chmodSync(beginning, mode);
    if (!hasOwn(path, claim)) await clear(path);
    onListening();
    const isOverOwn = hasOwn(path, claim);
    claim.goOver(Deno.lstatSync(beginning), () => moveTo(path, beginning, isOverOwn));
  } catch (error) {
    listener.close();
    throw error;
  }
  return listener;
}

/** Whether the socket at a path is still the place's own. */
function hasOwn(path: string, claim: SocketClaim): boolean {
  const found = lookAt(path);
  return found !== undefined && claim.covers(found);
}

/** Moves a socket to its path: over the one that the place has had, or else only where nothing is, which of several processes one can do. */
function moveTo(path: string, beginning: string, isOverOwn: boolean): void {
  if (isOverOwn) return Deno.renameSync(beginning, path);
  try {
    Deno.linkSync(beginning, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw explain(path, error);
    throw cannotListen(path, SOMEBODY_LISTENS, Deno.errors.AddrInUse);
  }
  Deno.removeSync(beginning);
}

/**
 * Removes the socket that a place has, if it is still there: nobody can connect any more, and what was connected, or waits to be accepted,
 * stays. What is somebody else's by now is left alone.
 */
export function removeSocket(path: string, claim: SocketClaim): void {
  try {
    if (claim.covers(Deno.lstatSync(path))) Deno.removeSync(path);
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

/** It says something about the machine and nothing about the program, so a stack trace would only hide the line that matters. */
function cannotListen(
  path: string,
  reason: string,
  errorClass: new (message: string) => Error = Error,
): Error {
  const message = `Cannot listen on the Unix socket ${JSON.stringify(path)}: ${reason}`;
  const error = new errorClass(message);
  error.stack = `${error.name}: ${message}`;
  return error;
}
