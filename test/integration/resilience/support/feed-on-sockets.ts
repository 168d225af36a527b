import { SystemClock } from '../../../../src/core/index.ts';
import {
  type FeedGap,
  type FeedProtocol,
  type FeedState,
  ResilientFeed,
  type ResilientFeedDeps,
  type ResilientFeedOptions,
} from '../../../../src/resilience/index.ts';

export interface Numbered {
  readonly c: string;
  readonly n: number;
}

const clock = new SystemClock();

export const frameOf = (c: string, ...numbers: readonly number[]): string =>
  JSON.stringify(numbers.map((n) => ({ c, n })));

/** A feed over real sockets that comes back fast, with what it told. */
export class FeedOnSockets implements AsyncDisposable {
  readonly gaps: FeedGap[] = [];
  readonly states: FeedState[] = [];
  readonly received: Numbered[] = [];
  readonly feed: ResilientFeed<Numbered>;
  readonly #stop = new AbortController();
  #reading: Promise<void> | undefined;

  constructor(
    url: string,
    options: Partial<ResilientFeedOptions> = {},
    deps: Partial<ResilientFeedDeps<Numbered>> = {},
    protocol: Partial<FeedProtocol<Numbered>> = {},
  ) {
    this.feed = new ResilientFeed(
      {
        source: 'faulty',
        connectTimeoutMs: 2_000,
        reconnect: { baseDelayMs: 20, maxDelayMs: 50, maxConnects: 1_000 },
        ...options,
        socket: { allowPrivateAddresses: true, ...options.socket },
      },
      {
        protocol: {
          url: () => url,
          subscribe: (channels) => [JSON.stringify({ op: 'subscribe', channels })],
          decode: (frame) => ({ kind: 'messages', messages: JSON.parse(String(frame)) as Numbered[] }),
          sequenceOf: ({ c, n }) => ({ channel: c, first: n, last: n }),
          ...protocol,
        },
        clock,
        onGap: (gap) => this.gaps.push(gap),
        onChange: (change) => {
          if (change.kind === 'state') this.states.push(change.to);
        },
        ...deps,
      },
    );
    this.feed.subscribe('a');
  }

  get numbers(): readonly number[] {
    return this.received.map(({ n }) => n);
  }

  /** Why it waited, each time. */
  get reasons(): readonly string[] {
    return this.states.flatMap((state) => (state.kind === 'waiting' ? [state.because] : []));
  }

  get details(): readonly string[] {
    return this.states.flatMap((state) => (state.kind === 'waiting' ? [state.detail] : []));
  }

  start(): this {
    this.#reading = this.#read();
    this.feed.start();
    return this;
  }

  /** Waits on the real clock. */
  async until(isSo: () => boolean, withinMs = 8_000): Promise<void> {
    const endMs = clock.monotonicMs() + withinMs;
    while (!isSo()) {
      if (clock.monotonicMs() > endMs) {
        throw new Error(
          `not within ${withinMs} ms: ${isSo.toString()}; ${JSON.stringify(this.feed.status())}`,
        );
      }
      await clock.sleep(5);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.feed.stop();
    this.#stop.abort();
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const batch of this.feed.batches(this.#stop.signal)) this.received.push(...batch);
  }
}
