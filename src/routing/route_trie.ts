// Patterns taken apart, as a trie with a node for each segment, and how a path goes down in it.
// All nodes lie in one flat table, in which each is found by its parent and its segment. Among very many routes a look-up waits for memory
// rather than for the processor, once for each place that it looks at, and objects that lead to one another are many places.

/** The node at which every path begins. It is no other node's child, so 0 where a child is asked for means that there is none. */
export const ROOT = 0;

/** What is known of a node. A line of the processor's cache holds two. */
const NODE_INTS = 8;
/** Its number, which stays the same while the table grows; nodes are called by where in the table they are. */
const ID = 0;
/** The number of the node that leads to it. */
const PARENT = 1;
/** The hash of its segment. */
const HASH = 2;
/** Which of the segments it is; 0 where the slot is empty. */
const SEGMENT = 3;
/** By what it leads on. */
const CHILDREN = 4;
/** Two numbers of the router's own. */
const EXACT = 5;
const PREFIX = 6;

const HAS_LITERALS = 1;
const HAS_PARAMETER = 2;

/** The segment that stands for any; and a hash for it. */
const PARAMETER = 1;
const PARAMETER_HASH = 0;

const FIRST_SLOTS = 16;

/** One trie. */
export class RouteTrie {
  /** The segments of patterns, each once, by their numbers. The first two are no literals. */
  readonly #segments: string[] = ["", ""];
  readonly #segmentNumbers = new Map<string, number>();
  /** The root, and behind it open addressing in a table that is at least half empty. */
  #nodes = new Int32Array((1 + FIRST_SLOTS) * NODE_INTS);
  #count = 0;

  /** The node to which the segment leads that stands in `path` from `start` to `end`, and whose hash is given; or 0. */
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

  /** The node to which any segment leads, for there is a parameter in its place; or 0. */
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

  /** What was set for the paths that end in this node; or 0. */
  exact(node: number): number {
    return this.#nodes[node + EXACT];
  }

  /** What was set for the paths that go through this node; or 0. */
  prefix(node: number): number {
    return this.#nodes[node + PREFIX];
  }

  setExact(node: number, value: number): void {
    this.#nodes[node + EXACT] = value;
  }

  setPrefix(node: number, value: number): void {
    this.#nodes[node + PREFIX] = value;
  }

  /** The node to which that segment leads, made where there is none. It may move all others but the root. */
  addLiteral(node: number, text: string): number {
    const hash = hashOf(text);
    const known = this.literal(node, hash, text, 0, text.length);
    return known === 0 ? this.#add(node, HAS_LITERALS, hash, this.#numberOf(text)) : known;
  }

  /** The node to which a parameter leads, made where there is none. It may move all others but the root. */
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

/** Where the search for a node begins, in a table that is large enough: all bits of the two count for the few that a mask leaves. */
function firstSlot(parentId: number, hash: number): number {
  const mixed = Math.imul(Math.imul(parentId, 0x9e3779b1) ^ hash, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), NODE_INTS);
}

/** Whether `segment` is what stands in `text` from `start` to `end`. Segments are short, and a loop needs no call into the platform. */
function isAt(segment: string, text: string, start: number, end: number): boolean {
  if (segment.length !== end - start) return false;
  for (let i = 0; i < segment.length; i++) {
    if (segment.charCodeAt(i) !== text.charCodeAt(start + i)) return false;
  }
  return true;
}

/** One more character of a segment into its hash, which begins with 0. */
export function hashStep(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = hashStep(hash, text.charCodeAt(i));
  return hash;
}
