import type { AppendLog } from 'portcullis/storage';
import { type Quote, quoteSchema } from './quote.ts';

/** Quotes in an append log, which is opened anew after the disk has refused one. */
export class QuoteStore {
  readonly #open: () => Promise<AppendLog>;
  readonly #keepQuotes: number;
  #log: AppendLog;
  #failure: string | undefined;

  private constructor(open: () => Promise<AppendLog>, keepQuotes: number, log: AppendLog) {
    this.#open = open;
    this.#keepQuotes = keepQuotes;
    this.#log = log;
  }

  static async open(open: () => Promise<AppendLog>, keepQuotes: number): Promise<QuoteStore> {
    return new QuoteStore(open, keepQuotes, await open());
  }

  /** The newest quote of each instrument that was written. */
  async last(): Promise<Map<string, Quote>> {
    const last = new Map<string, Quote>();
    for await (const { record } of this.#log.read()) {
      const quote = quoteSchema.parse(record);
      last.set(quote.instrumentId, quote);
    }
    return last;
  }

  /** Resolves when all of them are durable. */
  async append(quotes: readonly Quote[]): Promise<void> {
    try {
      const receipts = await Promise.all(quotes.map((quote) => this.#log.append(quote)));
      const newest = receipts.at(-1);
      if (newest !== undefined) await this.#log.trim(newest.seq - this.#keepQuotes);
    } catch (error) {
      this.#failure = String(error);
      throw error;
    }
  }

  /** A health probe: why nothing can be written, if so. */
  check(): true | string {
    return this.#failure ?? true;
  }

  /** A log that was refused once takes nothing more: brings it back. */
  async reopen(): Promise<void> {
    await this.#log.close();
    this.#log = await this.#open();
    this.#failure = undefined;
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
