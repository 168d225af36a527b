import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { errorText } from '../telemetry/error-text.ts';
import { type Logger, silentLogger } from '../telemetry/index.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import type { MarketView } from '../trading/market-view.ts';
import {
  type FailoverSettings,
  type FeedFailoverOptions,
  failoverOptionsSchema,
} from './failover-options.ts';
import { InstrumentSources } from './instrument-sources.ts';
import type { MarketFeed } from './market-feed.ts';
import type { MarketTracker } from './market-tracker.ts';
import { untilAborted } from './until-aborted.ts';

/** The market of one instrument after something has happened. */
export interface MarketUpdate {
  /** As the active source shows it. While the sources contradict each other it has the problem `SOURCE_DEVIATION`, which blocks. */
  readonly view: MarketView;
  /** The name of the active source. */
  readonly source: string;
  /**
   * What the active source said, for books and bars of one's own: one sequence whose ids never go back. At a change of
   * source it is the whole book of the new one. Missing where the view has changed by time or by comparison alone.
   */
  readonly event?: MarketEvent;
}

export type FailoverChange =
  | { readonly kind: 'switched'; readonly instrumentId: string; readonly from: string; readonly to: string }
  /** The other sources contradict this one, or no longer do. */
  | {
      readonly kind: 'doubted';
      readonly instrumentId: string;
      readonly source: string;
      readonly isTrusted: boolean;
      readonly deviationBps: number;
    }
  /** A source has come to its end, or thrown. It counts as bad from then on. */
  | { readonly kind: 'ended'; readonly source: string; readonly error?: unknown };

export interface FailoverStatus {
  readonly instrumentId: string;
  readonly active: string;
  readonly sources: readonly {
    readonly source: string;
    /** No problem that blocks, deviation included. */
    readonly isGood: boolean;
    /** To the farthest other source; NaN where nothing was compared. */
    readonly deviationBps: number;
    readonly view: MarketView;
  }[];
}

export interface FeedFailoverDeps {
  /** In order of preference, each with a name of its own. One that loses its connection is expected to come back by itself. */
  readonly feeds: readonly MarketFeed[];
  readonly clock: Clock;
  /** What it throws is logged and does no harm. */
  readonly onChange?: (change: FailoverChange) => void;
  /** Default: says nothing. */
  readonly logger?: Logger;
}

/**
 * Several sources of the same instruments as one. Each source has a tracker of its own for each instrument, so that books
 * never mix. One source is active for an instrument; when it has been bad for `failAfterMs`, and another is good, that one
 * takes over; a preferred one takes over again when it has been good for `returnAfterMs`.
 *
 * Sources that are good by themselves are compared: one agrees with another when their middles are within `maxDeviationBps`,
 * and is trusted while it agrees with more than half of those that can be compared, itself included. Whoever has deviated for
 * `confirmMs` in all, or at the first comparison, counts as bad until it has agreed for `confirmMs` without a break. Of two
 * that differ neither is trusted, so that no entry is possible until they agree again, or one turns out bad by itself.
 */
export class FeedFailover {
  readonly #settings: FailoverSettings;
  readonly #deps: FeedFailoverDeps;
  readonly #names: readonly string[];
  readonly #instruments: ReadonlyMap<string, InstrumentSources>;
  #onUpdate: ((update: MarketUpdate) => void) | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID`, also without feeds or when two have the same name */
  constructor(options: FeedFailoverOptions, deps: FeedFailoverDeps) {
    this.#settings = parseOptions('FeedFailover', failoverOptionsSchema, options);
    this.#deps = deps;
    this.#names = deps.feeds.map(({ name }) => name);
    if (this.#names.length === 0 || new Set(this.#names).size !== this.#names.length) {
      const got = this.#names.join(', ');
      throw new PortcullisError(
        'OPTION_INVALID',
        `FeedFailover: feeds: expected one or more, each with a name of its own, got [${got}]`,
      );
    }
    this.#instruments = new Map(this.#settings.instrumentIds.map((id) => [id, this.#instrument(id)]));
  }

  /**
   * Follows all sources, and tells what happens, until the signal aborts or every source has ended.
   *
   * @param onUpdate what it throws ends the run, and is thrown by it
   * @throws {PortcullisError} `FEED_TAKEN` while it runs already
   */
  async run(onUpdate: (update: MarketUpdate) => void, signal?: AbortSignal): Promise<void> {
    if (this.#onUpdate !== undefined) {
      throw new PortcullisError('FEED_TAKEN', 'FeedFailover: its sources are being followed already');
    }
    const stop = new AbortController();
    const thrown: unknown[] = [];
    this.#onUpdate = (update) => {
      if (stop.signal.aborted) return;
      try {
        onUpdate(update);
      } catch (error) {
        thrown.push(error);
        stop.abort();
      }
    };
    const onAbort = (): void => {
      stop.abort();
    };
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
    const checking = this.#deps.clock.every(this.#settings.checkEveryMs, () => {
      for (const instrument of this.#instruments.values()) instrument.check();
    });
    try {
      await Promise.all(this.#deps.feeds.map((feed, source) => this.#follow(feed, source, stop.signal)));
    } finally {
      checking[Symbol.dispose]();
      signal?.removeEventListener('abort', onAbort);
      this.#onUpdate = undefined;
      for (const instrument of this.#instruments.values()) instrument.stopped();
    }
    if (thrown.length > 0) throw thrown[0];
  }

  /**
   * The market of an instrument now: `STALE` once the active source has ended, and after `run()`.
   *
   * @throws {PortcullisError} `INSTRUMENT_UNKNOWN`
   */
  view(instrumentId: string): MarketView {
    const instrument = this.#instruments.get(instrumentId);
    if (instrument !== undefined) return instrument.view;
    throw new PortcullisError(
      'INSTRUMENT_UNKNOWN',
      `FeedFailover: ${instrumentId} is none of its instruments`,
    );
  }

  /** What one source shows, for `FeedMetrics`; nothing for a name that is none. */
  trackersOf(source: string): readonly Pick<MarketTracker, 'view' | 'problemCounts' | 'clockOffsetMs'>[] {
    const index = this.#names.indexOf(source);
    return [...this.#instruments.values()].flatMap(({ views }) => views[index] ?? []);
  }

  status(): readonly FailoverStatus[] {
    return Array.from(this.#instruments, ([instrumentId, instrument]) => ({
      instrumentId,
      active: this.#name(instrument.active),
      sources: instrument.views.map(({ view }, i) => ({
        source: this.#name(i),
        isGood: instrument.isGood(i),
        deviationBps: instrument.deviationBps(i),
        view,
      })),
    }));
  }

  #instrument(instrumentId: string): InstrumentSources {
    const tell = (change: FailoverChange): void => {
      this.#change(change);
    };
    return new InstrumentSources(this.#settings, {
      instrumentId,
      clock: this.#deps.clock,
      sources: this.#names.length,
      listener: {
        updated: (view, index, event) => {
          const source = this.#name(index);
          this.#onUpdate?.(event === undefined ? { view, source } : { view, source, event });
        },
        switched: (from, to) => {
          tell({ kind: 'switched', instrumentId, from: this.#name(from), to: this.#name(to) });
        },
        doubted: (index, isTrusted, deviationBps) => {
          tell({ kind: 'doubted', instrumentId, source: this.#name(index), isTrusted, deviationBps });
        },
        lostBook: (index) => {
          this.#guarded('refresh', () => this.#deps.feeds[index]?.refresh?.(instrumentId));
        },
      },
    });
  }

  async #follow(feed: MarketFeed, source: number, signal: AbortSignal): Promise<void> {
    const end: { error?: unknown } = {};
    try {
      for await (const events of untilAborted(feed.batches(signal), signal)) {
        for (const event of events) this.#instruments.get(event.instrumentId)?.apply(source, event);
      }
    } catch (error) {
      end.error = error;
    }
    if (signal.aborted) return;
    this.#change({ kind: 'ended', source: feed.name, ...end });
    for (const instrument of this.#instruments.values()) instrument.ended(source);
  }

  #change(change: FailoverChange): void {
    this.#guarded('onChange', () => this.#deps.onChange?.(change));
  }

  #guarded(name: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      const { logger = silentLogger } = this.#deps;
      logger.warn({ error: errorText(error) }, `${name} of the failover has thrown`);
    }
  }

  #name(source: number): string {
    return this.#names[source] ?? '';
  }
}
