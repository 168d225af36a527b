import type { MarketFeed } from '../../src/market-data/index.ts';
import type { MarketEvent } from '../../src/trading/index.ts';

/** A feed that gives what a test pushes, and ends or fails when the test says so. */
export class PushedFeed implements MarketFeed {
  readonly name: string;
  /** How often it has been asked for its batches. */
  taken = 0;
  /** Of which instruments the book was asked for anew. */
  readonly refreshed: string[] = [];
  #waiting: MarketEvent[] = [];
  #end: { readonly error?: Error } | undefined;
  #wake = (): void => {};

  constructor(name: string) {
    this.name = name;
  }

  push(...events: readonly MarketEvent[]): void {
    this.#waiting.push(...events);
    this.#wake();
  }

  refresh(instrumentId: string): void {
    this.refreshed.push(instrumentId);
  }

  end(error?: Error): void {
    this.#end = error === undefined ? {} : { error };
    this.#wake();
  }

  async *batches(signal?: AbortSignal): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    this.taken += 1;
    while (signal?.aborted !== true) {
      if (this.#waiting.length > 0) yield this.#waiting.splice(0);
      else if (this.#end?.error !== undefined) throw this.#end.error;
      else if (this.#end !== undefined) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
