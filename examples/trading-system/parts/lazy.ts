/** What is opened with the first use; one that could not be opened is tried again with the next. */
export class Lazy<T extends { close(): Promise<unknown> }> {
  readonly #open: () => Promise<T>;
  #opening: Promise<T> | undefined;
  #isClosed = false;

  constructor(open: () => Promise<T>) {
    this.#open = open;
  }

  /** @throws what opening throws */
  get(): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Error('closed'));
    if (this.#opening !== undefined) return this.#opening;
    const opening = this.#open();
    this.#opening = opening;
    opening.catch(() => {
      this.#opening = undefined;
    });
    return opening;
  }

  /** Closes it if it was opened. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.close();
  }
}
