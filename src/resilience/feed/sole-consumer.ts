import { PortcullisError } from '../../core/errors.ts';

export interface SoleConsumerDeps<M> {
  /** The feed, for errors. */
  readonly source: string;
  /** What waits. */
  readonly inbox: { readonly size: number; take(): readonly M[] };
  /** Nothing more will come. */
  readonly isOver: () => boolean;
  /** It has taken everything and waits for more. */
  readonly onIdle: () => void;
}

/** The one who takes what waits, as much at a time as there is. */
export class SoleConsumer<M> {
  readonly #deps: SoleConsumerDeps<M>;
  #present: symbol | undefined;
  #wake: (() => void) | undefined;

  constructor(deps: SoleConsumerDeps<M>) {
    this.#deps = deps;
  }

  /** There is something to take, or an end. */
  wake(): void {
    this.#wake?.();
  }

  /** @throws {PortcullisError} `FEED_TAKEN` from the first `next()` while there is another */
  async *batches(signal?: AbortSignal): AsyncGenerator<readonly M[], void, undefined> {
    const { source, inbox, isOver } = this.#deps;
    if (this.#present !== undefined) {
      throw new PortcullisError('FEED_TAKEN', `the feed ${source} has a consumer already`);
    }
    const self = Symbol('consumer');
    this.#present = self;
    const leave = (): void => {
      if (this.#present !== self) return; // another has come since
      this.#present = undefined;
      this.wake();
    };
    signal?.addEventListener('abort', leave);
    try {
      while (signal?.aborted !== true) {
        if (inbox.size > 0) yield inbox.take();
        else if (isOver()) return;
        else await this.#more();
      }
    } finally {
      signal?.removeEventListener('abort', leave);
      leave();
    }
  }

  async #more(): Promise<void> {
    this.#deps.onIdle();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => {
      resolve(undefined);
    };
    this.#wake = wake;
    await promise;
    if (this.#wake === wake) this.#wake = undefined;
  }
}
