import type { ManualClock } from '../core/manual-clock.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import type { MarketFeed } from './market-feed.ts';

export interface FastReplayDeps {
  /** The feed moves it, and nobody else should while it is iterated. */
  readonly clock: ManualClock;
  readonly source: MarketFeed;
  /** What to wait for after each moment at which timers have fired, such as a desk's `settled`. Default: one turn of the event loop. */
  readonly settled?: () => Promise<void>;
}

/**
 * Plays a recording or a simulation as fast as the consumer takes it, on a clock that moves with it: each event comes alone,
 * when the clock stands at its receipt. What falls due on the way does so in order, each moment settled before the next. So
 * the same events give the same run, and no simulated time passes while the consumer is busy.
 *
 * With the first event the wall clock jumps to it, where it lies ahead; no timer fires for that. A `receivedMonotonicMs` is
 * left out, as it was on another clock.
 */
export class FastReplay implements MarketFeed {
  readonly #clock: ManualClock;
  readonly #source: MarketFeed;
  readonly #settled: () => Promise<void>;

  constructor({ clock, source, settled = () => clock.turn() }: FastReplayDeps) {
    this.#clock = clock;
    this.#source = source;
    this.#settled = settled;
  }

  /** That of its source. */
  get name(): string {
    return this.#source.name;
  }

  async *batches(signal?: AbortSignal): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    let isFirst = true;
    for await (const events of this.#source.batches(signal)) {
      for (const event of events) {
        if (isFirst) this.#jump(event.receivedMs);
        isFirst = false;
        await this.#reach(event.receivedMs, signal);
        if (signal?.aborted === true) return;
        yield [here(event)];
      }
      await this.#clock.turn(); // lets disks, sockets and signals have their say
    }
  }

  #jump(receivedMs: number): void {
    const aheadMs = receivedMs - this.#clock.nowMs();
    if (aheadMs > 0) this.#clock.jump(aheadMs);
  }

  async #reach(receivedMs: number, signal: AbortSignal | undefined): Promise<void> {
    while (this.#clock.nextDueMs <= receivedMs && signal?.aborted !== true) {
      this.#clock.advanceTo(this.#clock.nextDueMs);
      await this.#settled();
    }
    if (signal?.aborted !== true) this.#clock.advanceTo(receivedMs);
  }
}

function here(event: MarketEvent): MarketEvent {
  if (event.receivedMonotonicMs === undefined) return event;
  const { receivedMonotonicMs: _, ...rest } = event;
  return rest;
}
