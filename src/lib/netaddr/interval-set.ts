/** Closed interval of integers, first <= last. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * A set of integers as sorted, disjoint, non-adjacent closed intervals. Membership and edits cost O(log n) steps to find and
 * O(moved) to shift, n being the number of intervals, whatever the number of integers: an IPv6 /64 is one interval.
 */
export class IntervalSet {
  readonly #items: Interval[];

  constructor(intervals: Iterable<Interval> = []) {
    this.#items = [];
    for (const { first, last } of intervals) this.add(first, last);
  }

  /** the intervals in rising order */
  get intervals(): readonly Interval[] {
    return this.#items;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** number of integers in the set */
  get size(): bigint {
    return this.#items.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  }

  /** the smallest integer, if any */
  get lowest(): bigint | undefined {
    return this.#items[0]?.first;
  }

  clone(): IntervalSet {
    const copy = new IntervalSet();
    copy.#items.push(...this.#items);
    return copy;
  }

  has(value: bigint): boolean {
    const item = this.#items[this.#firstEndingAtOrAfter(value)];
    return item !== undefined && item.first <= value;
  }

  /** Adds all integers first..last. @throws RangeError when first > last */
  add(first: bigint, last: bigint = first): void {
    if (first > last) throw new RangeError(`interval ${first}..${last} is upside down`);
    const from = this.#firstEndingAtOrAfter(first - 1n);
    let to = from;
    let low = first;
    let high = last;
    for (let item = this.#items[to]; item && item.first <= last + 1n; item = this.#items[++to]) {
      if (item.first < low) low = item.first;
      if (item.last > high) high = item.last;
    }
    this.#items.splice(from, to - from, { first: low, last: high });
  }

  /** Removes all integers first..last; absent ones are fine. @throws RangeError when first > last */
  remove(first: bigint, last: bigint = first): void {
    if (first > last) throw new RangeError(`interval ${first}..${last} is upside down`);
    const from = this.#firstEndingAtOrAfter(first);
    let to = from;
    const rest: Interval[] = [];
    for (let item = this.#items[to]; item && item.first <= last; item = this.#items[++to]) {
      if (item.first < first) rest.push({ first: item.first, last: first - 1n });
      if (item.last > last) rest.push({ first: last + 1n, last: item.last });
    }
    this.#items.splice(from, to - from, ...rest);
  }

  /** the integers of this set that are not in `other` */
  without(other: IntervalSet): IntervalSet {
    const result = this.clone();
    for (const { first, last } of other.#items) result.remove(first, last);
    return result;
  }

  /** the integers that are in both */
  intersection(other: IntervalSet): IntervalSet {
    return this.without(this.without(other));
  }

  /** the smallest integer that is in `other` too */
  lowestIn(other: IntervalSet): bigint | undefined {
    for (const { first, last } of other.#items) {
      const item = this.#items[this.#firstEndingAtOrAfter(first)];
      const candidate = item && (item.first > first ? item.first : first);
      if (candidate !== undefined && candidate <= last) return candidate;
    }
    return undefined;
  }

  /** the smallest integer that is not in `other` */
  lowestOutside(other: IntervalSet): bigint | undefined {
    for (const { first, last } of this.#items) {
      let candidate = first;
      for (
        let item = other.#items[other.#firstEndingAtOrAfter(candidate)];
        item && item.first <= candidate;
        item = other.#items[other.#firstEndingAtOrAfter(candidate)]
      )
        candidate = item.last + 1n;
      if (candidate <= last) return candidate;
    }
    return undefined;
  }

  /** index of the first interval whose end is >= value */
  #firstEndingAtOrAfter(value: bigint): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#items[middle]!.last < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
