/** Does one thing after another, in the order asked for. One that fails holds up none of those behind it. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `work` does, once it has had its turn. */
  take<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Resolves when everything has been done that was asked for until now. Never rejects. */
  settled(): Promise<unknown> {
    return this.#last;
  }
}
