export interface PriceJumpOptions {
  readonly maxJumpBps: number;
  readonly jumpConfirmations: number;
  readonly jumpConfirmMs: number;
}

interface Suspicion {
  /** The price that is not believed yet. */
  readonly price: number;
  readonly sinceMs: number;
  readonly confirmations: number;
}

/**
 * Tells a jump from a bad price. A mark more than `maxJumpBps` from the last good one is under suspicion until
 * `jumpConfirmations` further marks lie as near to it, or one does after `jumpConfirmMs`; then it is the good mark. A mark
 * near the good one ends the suspicion; one near neither starts another.
 *
 * A trade far from the good mark raises suspicion, but only marks confirm or end it: trades print late.
 */
export class PriceJump {
  readonly #options: PriceJumpOptions;
  #good = NaN;
  #suspicion: Suspicion | undefined;

  constructor(options: PriceJumpOptions) {
    this.#options = options;
  }

  get suspected(): boolean {
    return this.#suspicion !== undefined;
  }

  /** Distance of the suspected price from the good mark, in basis points; 0 without suspicion. */
  get jumpBps(): number {
    return this.#suspicion === undefined ? 0 : distanceBps(this.#suspicion.price, this.#good);
  }

  mark(price: number, nowMs: number): void {
    if (Number.isNaN(this.#good) || this.#near(price, this.#good)) {
      this.#accept(price);
      return;
    }
    const held = this.#suspicion;
    if (held === undefined || !this.#near(price, held.price)) {
      this.#suspicion = { price, sinceMs: nowMs, confirmations: 0 };
      return;
    }
    const confirmations = held.confirmations + 1;
    const { jumpConfirmations, jumpConfirmMs } = this.#options;
    if (confirmations >= jumpConfirmations || nowMs - held.sinceMs >= jumpConfirmMs) this.#accept(price);
    else this.#suspicion = { ...held, confirmations };
  }

  trade(price: number, nowMs: number): void {
    if (this.#suspicion !== undefined || Number.isNaN(this.#good) || this.#near(price, this.#good)) return;
    this.#suspicion = { price, sinceMs: nowMs, confirmations: 0 };
  }

  #accept(price: number): void {
    this.#good = price;
    this.#suspicion = undefined;
  }

  #near(price: number, other: number): boolean {
    return distanceBps(price, other) <= this.#options.maxJumpBps;
  }
}

const distanceBps = (price: number, from: number): number => (Math.abs(price - from) / from) * 1e4;
