// The connections of a worker, in the order in which they were accepted. A `Set` would work, but
// each time it grows it links its old table to the new one. Once an old table has survived for
// long, the garbage collector keeps all that was added later: thousands of closed connections,
// until its next full run. With one connection for each request that took a tenth of the server's
// time, in pauses of 5 ms.

/**
 * A member of a {@linkcode ConnectionList}. It is in one list at a time, and holds its own index
 * there.
 */
export interface ListedConnection {
  listIndex: number;
}

/** The list is compacted when so many of its slots, and at least half of all, are empty. */
const MIN_EMPTY_SLOTS = 32;

/** A list whose members come and leave by the thousand each second. */
export class ConnectionList<Member extends ListedConnection> {
  #slots: (Member | undefined)[] = [];
  /** The number of members. */
  size = 0;

  /** Adds a member that is in no list. */
  add(member: Member): void {
    member.listIndex = this.#slots.length;
    this.#slots.push(member);
    this.size++;
  }

  /** Removes a member of this list. */
  delete(member: Member): void {
    this.#slots[member.listIndex] = undefined;
    this.size--;
    const empty = this.#slots.length - this.size;
    if (empty >= MIN_EMPTY_SLOTS && empty >= this.size) this.#compact();
  }

  /**
   * Makes a new array: a compaction may come at any time, and an old array would keep closed
   * connections as a `Set` does.
   */
  #compact(): void {
    const members: Member[] = [];
    for (const member of this.#slots) {
      if (member === undefined) continue;
      member.listIndex = members.length;
      members.push(member);
    }
    this.#slots = members;
  }

  /**
   * Returns the present members, the oldest first. The list may change while a caller iterates over
   * them.
   */
  members(): Member[] {
    return this.#slots.filter((member) => member !== undefined);
  }
}
