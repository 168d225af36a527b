/** Messages in a block; the estimate looks at the current block and the one before. */
const BLOCK = 256;
/** Messages before there is an estimate. */
const ENOUGH = 16;

/**
 * How far the clock of the exchange is ahead of ours. Each message that carries the exchange's time says `exchange time -
 * receive time`, which is the offset less the time on the way; the largest of the last 256 to 512 such messages is the one
 * that was least delayed. A steady delay cannot be told from an offset.
 */
export class ClockOffset {
  #seen = 0;
  #block = -Infinity;
  #previous = -Infinity;

  /** Milliseconds; positive when the exchange is ahead, so that its events seem to come from the future. NaN before 16 messages. */
  get ms(): number {
    return this.#seen < ENOUGH ? NaN : Math.max(this.#block, this.#previous);
  }

  observe(exchangeMs: number, receivedMs: number): void {
    if (this.#seen > 0 && this.#seen % BLOCK === 0) {
      this.#previous = this.#block;
      this.#block = -Infinity;
    }
    this.#seen += 1;
    this.#block = Math.max(this.#block, exchangeMs - receivedMs);
  }
}
