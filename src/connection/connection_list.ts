// The connections of a worker, in the order in which they have come.
// A `Set` would do, but for what it leaves behind: the tables that it has outgrown are linked to their successors, so that once one of
// them is old, the garbage collector keeps all that came after it, thousands of connections that are long gone, until it looks
// at everything. With a connection for each request that took a tenth of the server's time, and pauses of 5 ms.

/** What can be in a {@linkcode Roster}: one at a time, which keeps its place in it. */
export interface RosterMember {
  rosterPlace: number;
}

/** It is compacted when so many places, and half of all, are empty. */
const MIN_EMPTY_PLACES = 32;

/** Members that come and go, by the thousand in a second. */
export class Roster<Member extends RosterMember> {
  #places: (Member | undefined)[] = [];
  /** How many members there are. */
  size = 0;

  /** Adds a member that is in no roster. */
  add(member: Member): void {
    member.rosterPlace = this.#places.length;
    this.#places.push(member);
    this.size++;
  }

  /** Takes a member out, which is in this roster. */
  delete(member: Member): void {
    this.#places[member.rosterPlace] = undefined;
    this.size--;
    const empty = this.#places.length - this.size;
    if (empty >= MIN_EMPTY_PLACES && empty >= this.size) this.#compact();
  }

  /** A new array, because a compaction may come at any time, and an old one would keep what is gone as a `Set` does. */
  #compact(): void {
    const members: Member[] = [];
    for (const member of this.#places) {
      if (member === undefined) continue;
      member.rosterPlace = members.length;
      members.push(member);
    }
    this.#places = members;
  }

  /** The members as they are now, the oldest first. They may come and go while somebody goes through them. */
  members(): Member[] {
    return this.#places.filter((member) => member !== undefined);
  }
}
