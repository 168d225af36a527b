import type { BookReader } from '../trading/book.ts';
import { type OrderState, isOpen } from '../trading/order-life-cycle.ts';

interface Wait {
  readonly of: ReadonlySet<string>;
  readonly left: Set<string>;
  readonly isAwaited: (state: OrderState) => boolean;
  readonly over: () => void;
}

/** Waits for the ends of orders. What happens to one costs the same however many are waited for. */
export class OrderEnds {
  readonly #book: Pick<BookReader, 'order'>;
  readonly #waits = new Set<Wait>();

  constructor(book: Pick<BookReader, 'order'>) {
    this.#book = book;
  }

  /**
   * Resolves when none of these orders is open; never, when the wait is given up before.
   *
   * @param isAwaited in which states an order is waited for. Default: while it is open
   */
  of(clientOrderIds: Iterable<string>, signal: AbortSignal, isAwaited = isOpen): Promise<void> {
    return new Promise((resolve) => {
      const of = new Set(clientOrderIds);
      const left = new Set([...of].filter((id) => this.#is(id, isAwaited)));
      if (left.size === 0) {
        resolve();
        return;
      }
      const wait = { of, left, isAwaited, over: resolve };
      this.#waits.add(wait);
      signal.addEventListener('abort', () => this.#waits.delete(wait), { once: true });
    });
  }

  /** Something has happened to the order. */
  note(clientOrderId: string): void {
    for (const wait of this.#waits) {
      if (!wait.of.has(clientOrderId)) continue;
      // What was over may be open again.
      if (this.#is(clientOrderId, wait.isAwaited)) wait.left.add(clientOrderId);
      else wait.left.delete(clientOrderId);
      if (wait.left.size > 0) continue;
      this.#waits.delete(wait);
      wait.over();
    }
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waits.size;
  }

  #is(clientOrderId: string, isAwaited: (state: OrderState) => boolean): boolean {
    const state = this.#book.order(clientOrderId)?.state;
    return state !== undefined && isAwaited(state);
  }
}
