/** Work that may be asked for at any time: one at a time, and once more for all that was asked meanwhile. */
export class CoalescedWork {
  readonly #work: () => Promise<void>;
  #isAsked = false;
  #isRunning = false;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when it is done; at once, when somebody else waits for it. */
  async ask(): Promise<void> {
    this.#isAsked = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#isAsked) {
        this.#isAsked = false;
        await this.#work();
      }
    } finally {
      this.#isRunning = false;
    }
  }
}
