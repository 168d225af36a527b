/** A queue: both ends in constant time over many calls. */
export class Fifo<T> {
  #items: T[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  /** The item `at` places behind the first. */
  peek(at = 0): T | undefined {
    return this.#items[this.#first + at];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes out the first `count`, fewer where there are not as many. */
  take(count: number): T[] {
    const taken = this.#items.slice(this.#first, this.#first + count);
    this.#first += taken.length;
    if (this.#first === this.#items.length) this.clear();
    else if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return taken;
  }

  shift(): T | undefined {
    return this.take(1)[0];
  }

  /** Puts these before the first. */
  putBack(items: readonly T[]): void {
    this.#items = [...items, ...this.#items.slice(this.#first)];
    this.#first = 0;
  }

  /** Takes out the item `at` places behind the first. */
  remove(at: number): void {
    this.#items.splice(this.#first + at, 1);
  }

  /** Takes out all. */
  drain(): T[] {
    return this.take(this.size);
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }
}
