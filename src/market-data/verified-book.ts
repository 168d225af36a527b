import type { BookDiff, BookSnapshot } from '../trading/market-event.ts';
import { type BookSide, L2Book } from '../trading/l2-book.ts';

/** `none` before the first snapshot; `gap` after a missed change, until a new snapshot. */
export type BookState = 'none' | 'valid' | 'gap';

/**
 * What became of an event: `applied` to the book; `waiting` for a snapshot; `covered` by the snapshot just before; `old`,
 * as the book is newer; `gap`, as changes are missing and the book is no longer valid.
 */
export type BookStep = 'applied' | 'waiting' | 'covered' | 'old' | 'gap';

/**
 * A level-two book that knows whether it is right, by the rules of Binance: changes wait for the snapshot; those that end
 * at or before it are dropped; the first applied must reach over it, `firstUpdateId <= updateId of the snapshot + 1 <=
 * updateId`; each further one must start at the previous `updateId + 1`. Otherwise the book is not valid until a newer
 * snapshot comes, on which the changes kept since then are applied by the same rules. Ids that start again, as after a
 * restart of the venue, need a new book.
 */
export class VerifiedBook {
  readonly #book = new L2Book();
  readonly #maxWaiting: number;
  #state: BookState = 'none';
  #updateId = 0;
  /** Whether a change has been applied since the snapshot, so that the next must follow without overlap. */
  #joined = false;
  #waiting: BookDiff[] = [];

  /** @param maxWaiting changes kept while waiting for a snapshot; the oldest go first */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  get state(): BookState {
    return this.#state;
  }

  /** The update id up to which the book is complete. */
  get updateId(): number {
    return this.#updateId;
  }

  get bids(): BookSide {
    return this.#book.bids;
  }

  get asks(): BookSide {
    return this.#book.asks;
  }

  /** @returns `applied` or `old`; or `gap`, when the changes kept do not follow */
  snapshot(event: BookSnapshot): BookStep {
    if (event.updateId < this.#updateId) return 'old';
    this.#book.reset(event.bids, event.asks);
    this.#updateId = event.updateId;
    this.#joined = false;
    this.#state = 'valid';
    const kept = this.#waiting;
    this.#waiting = [];
    for (const change of kept) this.diff(change);
    return this.isValid() ? 'applied' : 'gap';
  }

  diff(event: BookDiff): BookStep {
    if (this.#state !== 'valid') {
      this.#keep(event);
      return 'waiting';
    }
    if (event.updateId <= this.#updateId) return this.#joined ? 'old' : 'covered';
    const next = this.#updateId + 1;
    const follows = this.#joined ? event.firstUpdateId === next : event.firstUpdateId <= next;
    if (!follows) {
      this.invalidate();
      this.#keep(event);
      return 'gap';
    }
    this.#book.apply(event.bids, event.asks);
    this.#updateId = event.updateId;
    this.#joined = true;
    return 'applied';
  }

  /** Declares the book wrong, as after a change that could not be read. */
  invalidate(): void {
    if (this.#state === 'valid') this.#state = 'gap';
  }

  isValid(): boolean {
    return this.#state === 'valid';
  }

  #keep(event: BookDiff): void {
    this.#waiting.push(event);
    if (this.#waiting.length > this.#maxWaiting) this.#waiting.shift();
  }
}
