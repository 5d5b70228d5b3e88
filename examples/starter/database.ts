// The database: one SQLite file, which each worker opens by itself.

import { DatabaseSync } from "node:sqlite";

/** A task, as the API shows it. */
export interface Task {
  readonly id: number;
  readonly title: string;
  readonly done: boolean;
}

/** The tasks in the database. */
export class Tasks {
  readonly #database: DatabaseSync;

  /** Opens the file, and creates what is not there yet. `:memory:` is a database of its own. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    // Several workers use one file:
    // - busy_timeout: a worker waits for another one that writes, and gets no error. It comes first.
    // - WAL: readers and the writer do not wait for each other.
    // - synchronous = NORMAL: with WAL a crash of the process loses nothing.
    // - foreign_keys: SQLite does not enforce them by default.
    this.#database.exec(`
      PRAGMA busy_timeout = 5000;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA foreign_keys = ON;
      CREATE TABLE IF NOT EXISTS tasks (
        id INTEGER PRIMARY KEY,
        title TEXT NOT NULL,
        done INTEGER NOT NULL DEFAULT 0
      ) STRICT;
    `);
  }

  list(): Task[] {
    return this.#database.prepare("SELECT id, title, done FROM tasks ORDER BY id").all().map(
      toTask,
    );
  }

  find(id: number): Task | undefined {
    const row = this.#database.prepare("SELECT id, title, done FROM tasks WHERE id = ?").get(id);
    return row === undefined ? undefined : toTask(row);
  }

  add(title: string): Task {
    const { lastInsertRowid } = this.#database.prepare("INSERT INTO tasks (title) VALUES (?)")
      .run(title);
    return { id: Number(lastInsertRowid), title, done: false };
  }

  /** Marks a task as done. Returns whether there is one. */
  complete(id: number): boolean {
    return this.#database.prepare("UPDATE tasks SET done = 1 WHERE id = ?").run(id).changes > 0;
  }

  close(): void {
    this.#database.close();
  }
}

function toTask(row: Record<string, unknown>): Task {
  return { id: Number(row.id), title: String(row.title), done: row.done === 1 };
}
