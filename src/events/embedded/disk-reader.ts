import type { KeptEntry } from './kept-event.ts';

/** Events that are read at once: enough to be worth the way, few enough not to hold up anyone. */
const PAGE = 256;

/** Reads on from where it was, page by page. What it reads stays on disk as long as it reads. */
export class DiskReader {
  readonly #open: (from: number) => AsyncGenerator<KeptEntry>;
  #entries: AsyncGenerator<KeptEntry> | undefined;
  #next = NaN;
  #isClosed = false;

  constructor(open: (from: number) => AsyncGenerator<KeptEntry>) {
    this.#open = open;
  }

  /** Events from one up to another, fewer than there are; none once it is closed. One call at a time. */
  async page(from: number, to: number): Promise<KeptEntry[]> {
    if (from !== this.#next) await this.#letGo();
    const page: KeptEntry[] = [];
    if (this.#isClosed) return page;
    const entries = (this.#entries ??= this.#open(from));
    while (page.length < PAGE) {
      const { done, value } = (await entries.next()) as IteratorResult<KeptEntry, undefined>;
      if (done === true || value.seq > to) {
        await this.#letGo();
        return page;
      }
      page.push(value);
      this.#next = value.seq + 1;
    }
    return page;
  }

  /** For good. A read that is under way gets a shorter page. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#letGo();
  }

  async #letGo(): Promise<void> {
    const entries = this.#entries;
    this.#entries = undefined;
    await entries?.return(undefined);
  }
}
