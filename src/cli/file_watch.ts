// Watches files, and keeps doing so whatever happens to their folders.
// The system forgets a folder that is removed or renamed, and reports nothing of one that takes its place. So folders are
// watched from above, all of them anew when one has changed, and the files compared with what they were: nothing that happens
// in between is lost.

import { changesBetween, FileSurvey, type WatchTargets } from "./file_survey.ts";

/** How long to wait after a change of folders before they are watched anew: a build changes many at once. */
const RENEWAL_MS = 10;

/** How often folders may vanish in the moment in which they are to be watched, in a row. */
const MAX_TRIES = 100;

/** When to try again if the folders cannot be watched: the system has a limit of watches, for example. */
const RETRY_MS = 1_000;

/** What a watch reports. */
export interface FileWatchEvents {
  /** These files have changed, have come or have gone. */
  readonly onChange: (paths: readonly string[]) => void;
  /** The folders cannot be watched now; the next try is under way. */
  readonly onFailure: (error: unknown) => void;
}

/** Watches some files. */
export class FileWatch {
  #targets: WatchTargets;
  readonly #events: FileWatchEvents;
  #survey: FileSurvey;
  /** Undefined between two watches. */
  #watcher: Deno.FsWatcher | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /**
   * Watches from now on.
   *
   * @throws what `Deno.watchFs` throws, as when the system allows no more watches
   */
  constructor(targets: WatchTargets, events: FileWatchEvents) {
    this.#targets = targets;
    this.#events = events;
    const { survey, watcher } = watchFolders(targets);
    this.#survey = survey;
    this.#watcher = watcher;
    this.#watchOn(watcher);
  }

  /** Watches these from now on. What has changed by now of those before is reported. */
  watch(targets: WatchTargets): void {
    this.#compare();
    this.#targets = targets;
    this.#survey = new FileSurvey(targets);
    this.#watcher?.close();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#renewal);
    this.#watcher?.close();
  }

  /**
   * Watches the folders anew each time that a watch is closed. All watches of a thread share one of the system's, which takes no
   * folder for new whose path is still watched: the old watch has to be over before the next one begins.
   */
  async #watchOn(first: Deno.FsWatcher): Promise<void> {
    await this.#listen(first);
    while (!this.#isClosed) {
      try {
        const { survey, watcher } = watchFolders(this.#targets);
        this.#watcher = watcher;
        this.#compare(survey);
        await this.#listen(watcher);
      } catch (error) {
        this.#events.onFailure(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Listens until the watch is closed. */
  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    for await (const { kind, paths } of watcher) {
      // Reading a module is no change of it, and every new worker reads it.
      if (kind === "access") continue;
      const concerned = paths.filter((path) => this.#survey.concerns(path));
      const files = concerned.flatMap((path) => this.#survey.byRealPath.get(path) ?? []);

      for (const file of files) this.#survey.renew(file);
      if (files.length > 0) this.#events.onChange(files);
      if (concerned.length > files.length) {
        this.#renewal ??= setTimeout(() => this.#watcher?.close(), RENEWAL_MS);
      }
    }
    this.#watcher = undefined;
    clearTimeout(this.#renewal);
    this.#renewal = undefined;
  }

  /** Reports what differs between the last look at the files and this one. */
  #compare(now = new FileSurvey(this.#targets)): void {
    const changed = changesBetween(this.#survey, now);
    this.#survey = now;
    if (changed.length > 0) this.#events.onChange(changed);
  }
}

/**
 * Watches the folders of these files, and looks at the files. A folder is watched after those above it, so one that is replaced
 * meanwhile is either the one that is watched, or reported. A second look finds the folders that came between the first look
 * and the watch.
 */
function watchFolders(targets: WatchTargets): { survey: FileSurvey; watcher: Deno.FsWatcher } {
  for (let tries = 1;; tries++) {
    const { folders } = new FileSurvey(targets);
    let watcher: Deno.FsWatcher;
    try {
      watcher = Deno.watchFs([...folders], { recursive: false });
    } catch (error) {
      // A folder has gone since.
      if (error instanceof Deno.errors.NotFound && tries < MAX_TRIES) continue;
      throw error;
    }
    const survey = new FileSurvey(targets);
    if (tries >= MAX_TRIES || survey.folders.difference(folders).size === 0) {
      return { survey, watcher };
    }
    watcher.close();
  }
}
