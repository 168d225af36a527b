import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { BookReader } from '../../trading/book.ts';
import { type MarketView, isGood } from '../../trading/market-view.ts';
import type { KillSwitch } from '../kill-switch.ts';
import { restrictedSchema } from '../scope-schema.ts';
import type { Monitor } from './monitor.ts';
import { Occurrences } from './occurrences.ts';

const schema = z.strictObject({
  /** Longest time without a good view. */
  maxSilenceMs: z.number().min(0).default(30_000),
  /** Good views of an instrument that must have come before its silence means anything. */
  minSample: z.int().min(1).default(10),
  to: restrictedSchema.default('reducing'),
});

/** @interface */
export type DataOutageMonitorOptions = z.input<typeof schema>;

export interface DataOutageMonitorDeps {
  readonly book: Pick<BookReader, 'accounts'>;
  readonly killSwitch: Pick<KillSwitch, 'trip'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Whether the market is open. While it is not, silence is not counted, and the sample begins anew. Default: always. */
  readonly isTrading?: (instrumentId: string) => boolean;
}

interface Seen {
  good: number;
  lastGoodMs: number;
}

/**
 * Trips an instrument in which there is a position or a working order, and of which nothing good has been heard for too
 * long. Once for a silence; armed again by a good view, or when nothing is held or working any more.
 */
export class DataOutageMonitor implements Monitor {
  readonly name = 'data-outage-monitor';
  readonly #options: z.output<typeof schema>;
  readonly #deps: DataOutageMonitorDeps;
  readonly #outages: Occurrences;
  readonly #seen = new Map<string, Seen>();

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: DataOutageMonitorOptions, deps: DataOutageMonitorDeps) {
    this.#options = parseOptions('DataOutageMonitor', schema, options);
    this.#deps = deps;
    this.#outages = new Occurrences(this.name, deps.killSwitch);
  }

  /** Takes every view, good or not. */
  observe(view: MarketView): void {
    if (!isGood(view)) return;
    const nowMs = this.#deps.clock.monotonicMs();
    const seen = this.#seen.get(view.instrumentId);
    if (seen === undefined) this.#seen.set(view.instrumentId, { good: 1, lastGoodMs: nowMs });
    else {
      seen.good += 1;
      seen.lastGoodMs = nowMs;
    }
  }

  check(): void {
    const { maxSilenceMs, minSample, to } = this.#options;
    const { clock, isTrading } = this.#deps;
    const nowMs = clock.monotonicMs();
    const concerned = this.#concerned();
    for (const [instrumentId, seen] of this.#seen) {
      if (isTrading?.(instrumentId) === false) seen.good = 0;
      const silenceMs = nowMs - seen.lastGoodMs;
      const isFine = seen.good < minSample || (silenceMs >= 0 && silenceMs <= maxSilenceMs);
      if (isFine || !concerned.has(instrumentId)) this.#outages.isOver(instrumentId);
      else {
        this.#outages.lasts(instrumentId, () => ({
          scope: { kind: 'instrument', id: instrumentId },
          to,
          reason: `no good market data for ${silenceMs} ms, longer than ${maxSilenceMs} ms`,
        }));
      }
    }
  }

  /** Instruments with a position or something working. What is not a number is not nothing. */
  #concerned(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const account of this.#deps.book.accounts()) {
      for (const { instrument, pos, buy, sell } of account.cells()) {
        if (!(pos === 0 && buy === 0 && sell === 0)) ids.add(instrument.instrumentId);
      }
    }
    return ids;
  }
}
