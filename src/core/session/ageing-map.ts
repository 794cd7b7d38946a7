/**
 * A map that finds its oldest entry at a cost that does not grow with those that are gone.
 *
 * To come to its first entry a plain map passes over all that were deleted before it, which for one that only ever loses its
 * oldest are as many as it holds. So the order is kept beside it; nothing but `dropOldest` may take an entry away.
 */
export class AgeingMap<Key, Value> extends Map<Key, Value> {
  /** The keys, oldest first, behind those of entries that are gone. */
  #order: Key[] = [];
  #gone = 0;

  /** An entry that is set again keeps its age. */
  override set(key: Key, value: Value): this {
    if (!this.has(key)) this.#order.push(key);
    return super.set(key, value);
  }

  get oldest(): Key | undefined {
    return this.#order[this.#gone];
  }

  dropOldest(): void {
    if (this.#gone === this.#order.length) return;
    this.delete(this.#order[this.#gone] as Key);
    this.#gone += 1;
    if (this.#gone < this.#order.length / 2) return;
    this.#order = this.#order.slice(this.#gone);
    this.#gone = 0;
  }
}
