// A trie of patterns, with a node for each segment. All nodes are in one flat table, in which a
// node is found by its parent and its segment. Among very many routes a look-up waits for memory
// rather than for the processor, once for each place that it reads, and linked objects are many
// places.

/**
 * The node at which every path begins. It is no other node's child, so 0 for a child means none.
 */
export const ROOT = 0;

/** How many numbers a node has in the table. A line of the processor's cache holds two nodes. */
const NODE_INTS = 8;
/** Its number, which stays the same while the table grows. Callers have its place in the table. */
const ID = 0;
/** The number of the node that leads to it. */
const PARENT = 1;
/** The hash of its segment. */
const HASH = 2;
/** The number of its segment; 0 if the slot is empty. */
const SEGMENT = 3;
/** The kinds of its children: HAS_LITERALS, HAS_PARAMETER. */
const CHILDREN = 4;
/** Two numbers that belong to the router. */
const EXACT = 5;
const PREFIX = 6;

const HAS_LITERALS = 1;
const HAS_PARAMETER = 2;

/** The number of the segment that stands for any, and a hash for it. */
const PARAMETER = 1;
const PARAMETER_HASH = 0;

const FIRST_SLOTS = 16;

/** A trie. Its user keeps the routes, and gives each a number above 0. */
export class RouteTrie {
  /**
   * The literal segments of patterns, each once, by their numbers. 0 and 1 have another meaning.
   */
  readonly #segments: string[] = ["", ""];
  readonly #segmentNumbers = new Map<string, number>();
  /** The root, then a table with open addressing that is at least half empty. */
  #nodes = new Int32Array((1 + FIRST_SLOTS) * NODE_INTS);
  #count = 0;

  /**
   * Returns the node to which a literal segment leads; 0 if there is none. The segment is in `path`
   * from `start` to `end`. With one object in place of five arguments a look-up takes 2 to 3 %
   * longer.
   */
  literal(node: number, hash: number, path: string, start: number, end: number): number {
    const nodes = this.#nodes;
    if ((nodes[node + CHILDREN] & HAS_LITERALS) === 0) return 0;
    const id = nodes[node + ID];
    const mask = nodes.length - 1 - NODE_INTS;
    for (let slot = firstSlot(id, hash) & mask;; slot = (slot + NODE_INTS) & mask) {
      const at = slot + NODE_INTS;
      const segment = nodes[at + SEGMENT];
      if (segment === 0) return 0;
      if (
        nodes[at + HASH] === hash && nodes[at + PARENT] === id && segment !== PARAMETER &&
        isAt(this.#segments[segment], path, start, end)
      ) return at;
    }
  }

  /** Returns the node to which a parameter leads; 0 if there is none. */
  parameter(node: number): number {
    const nodes = this.#nodes;
    if ((nodes[node + CHILDREN] & HAS_PARAMETER) === 0) return 0;
    const id = nodes[node + ID];
    const mask = nodes.length - 1 - NODE_INTS;
    for (
      let slot = firstSlot(id, PARAMETER_HASH) & mask;;
      slot = (slot + NODE_INTS) & mask
    ) {
      const at = slot + NODE_INTS;
      if (nodes[at + SEGMENT] === PARAMETER && nodes[at + PARENT] === id) return at;
    }
  }

  /** Returns the number that was set for the paths that end in this node; else 0. */
  exact(node: number): number {
    return this.#nodes[node + EXACT];
  }

  /** Returns the number that was set for the paths that go through this node; else 0. */
  prefix(node: number): number {
    return this.#nodes[node + PREFIX];
  }

  /** Sets the number for the paths that end in this node. */
  setExact(node: number, value: number): void {
    this.#nodes[node + EXACT] = value;
  }

  /** Sets the number for the paths that go through this node. */
  setPrefix(node: number, value: number): void {
    this.#nodes[node + PREFIX] = value;
  }

  /**
   * Returns the node to which a literal segment leads, and makes it if there is none. All other
   * nodes but the root may have moved then.
   */
  addLiteral(node: number, text: string): number {
    const hash = hashOf(text);
    const known = this.literal(node, hash, text, 0, text.length);
    return known === 0 ? this.#add(node, HAS_LITERALS, hash, this.#numberOf(text)) : known;
  }

  /** Returns the node to which a parameter leads, as {@linkcode addLiteral} does. */
  addParameter(node: number): number {
    const known = this.parameter(node);
    return known === 0 ? this.#add(node, HAS_PARAMETER, PARAMETER_HASH, PARAMETER) : known;
  }

  #numberOf(text: string): number {
    const known = this.#segmentNumbers.get(text);
    if (known !== undefined) return known;
    const number = this.#segments.push(text) - 1;
    this.#segmentNumbers.set(text, number);
    return number;
  }

  #add(parent: number, kind: number, hash: number, segment: number): number {
    const parentId = this.#nodes[parent + ID];
    this.#nodes[parent + CHILDREN] |= kind;
    if (++this.#count * 2 > this.#nodes.length / NODE_INTS - 1) this.#grow();
    return this.#put([this.#count, parentId, hash, segment, 0, 0, 0, 0]);
  }

  #put(node: ArrayLike<number>): number {
    const nodes = this.#nodes;
    const mask = nodes.length - 1 - NODE_INTS;
    let slot = firstSlot(node[PARENT], node[HASH]) & mask;
    while (nodes[slot + NODE_INTS + SEGMENT] !== 0) slot = (slot + NODE_INTS) & mask;
    nodes.set(node, slot + NODE_INTS);
    return slot + NODE_INTS;
  }

  #grow(): void {
    const old = this.#nodes;
    this.#nodes = new Int32Array(old.length * 2 - NODE_INTS);
    this.#nodes.set(old.subarray(0, NODE_INTS));
    for (let at = NODE_INTS; at < old.length; at += NODE_INTS) {
      if (old[at + SEGMENT] !== 0) this.#put(old.subarray(at, at + NODE_INTS));
    }
  }
}

/**
 * Returns the place at which the search for a node begins, before a mask makes it fit the table.
 * All bits of both numbers have a part in the few bits that the mask leaves.
 */
function firstSlot(parentId: number, hash: number): number {
  const mixed = Math.imul(Math.imul(parentId, 0x9e3779b1) ^ hash, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), NODE_INTS);
}

/** Whether `text` has `segment` from `start` to `end`. Segments are short, so a loop is fastest. */
function isAt(segment: string, text: string, start: number, end: number): boolean {
  if (segment.length !== end - start) return false;
  for (let i = 0; i < segment.length; i++) {
    if (segment.charCodeAt(i) !== text.charCodeAt(start + i)) return false;
  }
  return true;
}

/** Adds a character of a segment to its hash, which begins with 0. */
export function hashStep(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = hashStep(hash, text.charCodeAt(i));
  return hash;
}
