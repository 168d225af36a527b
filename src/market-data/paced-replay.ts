import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { parseOptions } from '../core/options.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import type { MarketFeed } from './market-feed.ts';

const schema = z.strictObject({
  /** How many times as fast as it was recorded, above 0. Default 1. */
  speed: z.number().positive().default(1),
});

/** @interface */
export type PacedReplayOptions = z.input<typeof schema>;

export interface PacedReplayDeps {
  readonly clock: Clock;
  readonly source: MarketFeed;
}

interface Start {
  readonly recordedMs: number;
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/**
 * Plays a recording or a simulation at the pace at which it was received, so that it looks like a live feed. The first event
 * comes at once, each other when it is due; those that are due already, as the consumer was busy, come together.
 *
 * `receivedMs` becomes the wall time at which the event is due, and `exchangeMs` is moved with it, so that the delay and the
 * offset of the exchange's clock stay what they were. `receivedMonotonicMs` is when it is given out.
 */
export class PacedReplay implements MarketFeed {
  readonly #speed: number;
  readonly #clock: Clock;
  readonly #source: MarketFeed;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: PacedReplayOptions, { clock, source }: PacedReplayDeps) {
    this.#speed = parseOptions('PacedReplay', schema, options).speed;
    this.#clock = clock;
    this.#source = source;
  }

  /** That of its source. */
  get name(): string {
    return this.#source.name;
  }

  /** Each iteration begins with the first event. */
  async *batches(signal?: AbortSignal): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    let start: Start | undefined;
    for await (const events of this.#source.batches(signal)) {
      let due: MarketEvent[] = [];
      for (const event of events) {
        start ??= this.#startAt(event);
        const sinceMs = (event.receivedMs - start.recordedMs) / this.#speed;
        if (this.#aheadMs(start, sinceMs) > 0) {
          if (due.length > 0) yield due;
          due = [];
          if (!(await this.#reach(start, sinceMs, signal))) return;
        }
        due.push(movedTo(event, start.wallMs + sinceMs, this.#clock.monotonicMs()));
      }
      if (due.length > 0) yield due;
    }
  }

  #startAt({ receivedMs }: MarketEvent): Start {
    const wallMs = this.#clock.nowMs();
    return { recordedMs: receivedMs, wallMs, monotonicMs: this.#clock.monotonicMs() };
  }

  #aheadMs({ monotonicMs }: Start, sinceMs: number): number {
    return monotonicMs + sinceMs - this.#clock.monotonicMs();
  }

  /** @returns false when the wait was aborted */
  async #reach(start: Start, sinceMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const aheadMs = this.#aheadMs(start, sinceMs);
    if (aheadMs > 0 && signal?.aborted !== true) {
      await this.#clock.sleep(aheadMs, signal).catch(() => undefined);
    }
    return signal?.aborted !== true;
  }
}

function movedTo(event: MarketEvent, receivedMs: number, receivedMonotonicMs: number): MarketEvent {
  const { exchangeMs } = event;
  if (exchangeMs === undefined) return { ...event, receivedMs, receivedMonotonicMs };
  return {
    ...event,
    receivedMs,
    receivedMonotonicMs,
    exchangeMs: exchangeMs + (receivedMs - event.receivedMs),
  };
}
