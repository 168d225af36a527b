import { type Clock, onDispose } from '../../core/clock.ts';

interface Collector {
  readonly collect: () => unknown;
  running: boolean;
}

/** What is asked before an exposition. One that fails, or hangs, keeps nobody else from being asked. */
export class Collectors {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onFailed: () => void;
  readonly #all = new Set<Collector>();

  constructor(clock: Clock, timeoutMs: number, onFailed: () => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onFailed = onFailed;
  }

  add(collect: () => unknown): Disposable {
    const own: Collector = { collect, running: false };
    this.#all.add(own);
    return onDispose(() => {
      this.#all.delete(own);
    });
  }

  /** Asks all of them, at the same time, and waits no longer than the timeout. Never rejects. */
  async run(): Promise<void> {
    const pending: Promise<void>[] = [];
    for (const collector of this.#all) {
      const asked = this.#ask(collector);
      if (asked !== undefined) pending.push(asked);
    }
    if (pending.length > 0) await this.#inTime(Promise.all(pending));
  }

  #ask(collector: Collector): Promise<void> | undefined {
    // Still busy since a scrape before: it hangs.
    if (collector.running) {
      this.#onFailed();
      return undefined;
    }
    try {
      const answer = collector.collect();
      if (!isThenable(answer)) return undefined;
      collector.running = true;
      return Promise.resolve(answer)
        .then(undefined, this.#onFailed)
        .then(() => {
          collector.running = false;
        });
    } catch {
      this.#onFailed();
      return undefined;
    }
  }

  async #inTime(work: Promise<unknown>): Promise<void> {
    let timer: Disposable | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#clock.deadline(this.#timeoutMs, () => {
        this.#onFailed();
        resolve();
      });
    });
    await Promise.race([work, late]);
    timer?.[Symbol.dispose]();
  }
}

const isThenable = (answer: unknown): answer is PromiseLike<unknown> =>
  typeof answer === 'object' && answer !== null && 'then' in answer;
