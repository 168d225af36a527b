/** What has to be closed, the last opened first. */
export class Opened {
  readonly #closes: (() => Promise<unknown>)[] = [];
  #closed: Promise<void> | undefined;

  add<T>(part: T, close: (part: T) => Promise<unknown>): T {
    this.#closes.push(() => close(part));
    return part;
  }

  /** What cannot be closed does not keep the rest open. A second call is harmless. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const close of this.#closes.reverse()) await close().catch(() => undefined);
  }
}
