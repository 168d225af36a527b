import type { KeptEntry } from './kept-event.ts';

/** Events that are read at once: enough to be worth the way, few enough not to hold up anyone. */
const PAGE = 256;

/** Reads on from where it was, page by page. What it reads stays on disk as long as it reads. */
export class DiskReader {
  readonly #open: (from: number) => AsyncGenerator<KeptEntry>;
  #entries: AsyncGenerator<KeptEntry> | undefined;
  #next = NaN;

  constructor(open: (from: number) => AsyncGenerator<KeptEntry>) {
    this.#open = open;
  }

  /** Events from one up to another, fewer than there are. One call at a time. */
  async page(from: number, to: number): Promise<KeptEntry[]> {
    if (this.#entries === undefined || from !== this.#next) {
      await this.close();
      this.#entries = this.#open(from);
    }
    const page: KeptEntry[] = [];
    while (page.length < PAGE) {
      const { done, value } = (await this.#entries.next()) as IteratorResult<KeptEntry, undefined>;
      if (done === true || value.seq > to) {
        await this.close();
        return page;
      }
      page.push(value);
      this.#next = value.seq + 1;
    }
    return page;
  }

  async close(): Promise<void> {
    const entries = this.#entries;
    this.#entries = undefined;
    await entries?.return(undefined);
  }
}
