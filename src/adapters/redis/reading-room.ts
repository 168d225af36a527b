/** Divides the room of one member between the readers of its partitions: what one has asked the server for, no other asks for. */
export class ReadingRoom {
  readonly #free: () => number;
  #reserved = 0;
  #waiting: (() => void)[] = [];

  /** @param free how many more events the member takes now */
  constructor(free: () => number) {
    this.#free = free;
  }

  /** Waits until there is room, and reserves up to `most`; 0 as soon as `isOver`, which is looked at with every `look`. */
  async reserve(most: number, isOver: () => boolean): Promise<number> {
    while (!isOver()) {
      const count = this.reserveNow(most);
      if (count > 0) return count;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return 0;
  }

  /** Reserves up to `most` of the room that there is; 0 for none. */
  reserveNow(most: number): number {
    const count = Math.max(0, Math.min(most, this.#free() - this.#reserved));
    this.#reserved += count;
    return count;
  }

  release(count: number): void {
    this.#reserved -= count;
    this.look();
  }

  /** There may be room, or a reader is over. */
  look(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
