// The modules that new workers load. A reload follows the link through which the program was
// started; if it fails, workers load the modules of the last reload that succeeded.

import { type LinkedModules, sameFolderLine, type WorkerModules } from "./start_folder.ts";

/** The modules of a fleet. */
export class FleetModules {
  readonly #links: LinkedModules;
  readonly #first: WorkerModules;
  #current: WorkerModules;
  #proven: WorkerModules;

  /** Begins with the modules of the start. `app` is what the command line's own module loads. */
  constructor(links: LinkedModules, entry: string, app: string | undefined) {
    this.#links = links;
    this.#first = links.first(entry, app);
    this.#current = this.#proven = this.#first;
  }

  /** What a new worker loads. */
  get current(): WorkerModules {
    return this.#current;
  }

  /**
   * Follows the link. Returns the line for the log if it leads to other modules now, or nowhere.
   */
  follow(): string | undefined {
    const last = this.#current;
    this.#current = this.#links.follow(this.#first, last);
    return this.#links.describeReload(last, this.#current);
  }

  /** Keeps the current modules: every worker has loaded them. */
  keep(): void {
    this.#proven = this.#current;
  }

  /** Returns to the modules that workers could load. */
  revert(): void {
    this.#current = this.#proven;
  }

  /** Returns the line for the log if a reload may have loaded an old release again. */
  folderAdvice(): string | undefined {
    const folder = this.#links.unknownFolder(this.#first.app ?? this.#first.entry);
    return folder === undefined ? undefined : sameFolderLine(folder);
  }
}
