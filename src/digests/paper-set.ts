const wordBits = 32;

/** A set of the numbers from 0 to a limit, a bit each: to join two of some thousand takes a microsecond. */
export class PaperSet {
  readonly #words: Uint32Array;
  readonly #limit: number;

  /** @param limit one more than the largest number it may hold */
  constructor(limit: number) {
    this.#limit = limit;
    this.#words = new Uint32Array(Math.ceil(limit / wordBits));
  }

  /** What is not a number is in no set. */
  add(number: number | undefined): void {
    if (number !== undefined) this.#words[number >>> 5] = (this.#words[number >>> 5] ?? 0) | (1 << (number & 31));
  }

  remove(number: number | undefined): void {
    if (number !== undefined) this.#words[number >>> 5] = (this.#words[number >>> 5] ?? 0) & ~(1 << (number & 31));
  }

  /** Adds all of a set with the same limit. */
  addAll(other: PaperSet): void {
    for (let i = 0; i < this.#words.length; i++) this.#words[i] = (this.#words[i] ?? 0) | (other.#words[i] ?? 0);
  }

  get size(): number {
    let size = 0;
    for (const word of this.#words) size += bitsIn(word);
    return size;
  }

  /** The least number that is not in the set; the limit where all are. */
  firstMissing(): number {
    const at = this.#words.findIndex((word) => word !== 0xffff_ffff);
    if (at < 0) return this.#limit;
    // The lowest bit that is not set is the lowest that is set of the others.
    const free = ~(this.#words[at] ?? 0);
    return Math.min(this.#limit, at * wordBits + (wordBits - 1 - Math.clz32(free & -free)));
  }
}

/** How many bits of a word of 32 are set. https://graphics.stanford.edu/~seander/bithacks.html#CountBitsSetParallel */
function bitsIn(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return (((bits + (bits >>> 4)) & 0x0f0f_0f0f) * 0x0101_0101) >>> 24;
}
