import { type Clock, lots } from 'portcullis/core';
import type { EventBus } from 'portcullis/events';
import {
  BarBuilder,
  DataQualityPublisher,
  FeedMetrics,
  MarketEventPublisher,
  MarketTracker,
} from 'portcullis/market-data';
import type { Logger, MetricsRegistry } from 'portcullis/telemetry';
import { type Bar, type Instrument, type MarketEvent, type MarketView, isGood } from 'portcullis/trading';
import type { SystemConfig } from '../config.ts';

/** How often it is looked at what time alone changes: data that become stale, bars that end without a trade. */
const CHECK_MS = 50;
/** A quiet market is confirmed so often: the gates deny entries on prices of some age. */
const REFRESH_MS = 1_000;

export interface MarketBoardDeps {
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly instruments: readonly Instrument[];
  readonly metrics: MetricsRegistry;
  readonly logger?: Logger;
}

/** One instrument as this service sees it. */
interface Watched {
  readonly tracker: MarketTracker;
  readonly bars: BarBuilder;
  /** Of a source that tells no trades: bars are of its marks, and have neither volume nor trades. */
  marks: number;
}

/** What is known of the market, and told to the bus: best prices, bars, and what is wrong with the data. */
export class MarketBoard implements Disposable {
  readonly #clock: Clock;
  readonly #watched: ReadonlyMap<string, Watched>;
  readonly #hasTrades: boolean;
  readonly #publisher: MarketEventPublisher;
  readonly #quality: DataQualityPublisher;
  readonly #metrics: FeedMetrics;
  readonly #checking: Disposable;

  constructor(
    config: Pick<SystemConfig, 'barMs' | 'quoteEveryMs' | 'staleAfterMs' | 'market'>,
    deps: MarketBoardDeps,
  ) {
    const { clock, instruments, metrics } = deps;
    const { barMs, quoteEveryMs, staleAfterMs, market } = config;
    this.#clock = clock;
    this.#hasTrades = market.kind === 'simulation';
    this.#watched = new Map(
      instruments.map((instrument) => [
        instrument.instrumentId,
        {
          tracker: new MarketTracker(
            { quality: { staleAfterMs, maxJumpBps: 200 } },
            { instrumentId: instrument.instrumentId, clock },
          ),
          bars: new BarBuilder({ intervalMs: barMs, gaps: 'flat' }, { instrument }),
          marks: 0,
        },
      ]),
    );
    const refreshMs = Math.min(REFRESH_MS, staleAfterMs / 4);
    this.#publisher = new MarketEventPublisher({ everyMs: quoteEveryMs, refreshMs }, deps);
    this.#quality = new DataQualityPublisher({}, deps);
    const trackers = Array.from(this.#watched.values(), ({ tracker }) => tracker);
    this.#metrics = new FeedMetrics({ source: market.kind, staleAfterMs }, { metrics, trackers });
    this.#checking = clock.every(CHECK_MS, () => {
      this.#check();
    });
  }

  apply(event: MarketEvent): void {
    const watched = this.#watched.get(event.instrumentId);
    if (watched === undefined) return;
    this.#metrics.received(event);
    const view = watched.tracker.apply(event);
    this.#show(view);
    if (event.type === 'trade' && this.#hasTrades) this.#tell(watched.bars.add(event));
    else if (!this.#hasTrades && isGood(view)) this.#mark(watched, view);
  }

  /** The market of each instrument now. */
  views(): readonly MarketView[] {
    return Array.from(this.#watched.values(), ({ tracker }) => tracker.view);
  }

  /** Why orders cannot be priced on what is known, or `true`. */
  problem(): string | true {
    for (const { instrumentId, problems } of this.views()) {
      const found = problems.find(({ blocking }) => blocking);
      if (found !== undefined) return `${instrumentId}: ${found.code}`;
    }
    return true;
  }

  /** Quotes that still wait go out. A bar that is not over is not told. */
  [Symbol.dispose](): void {
    for (const part of [this.#checking, this.#publisher, this.#quality, this.#metrics])
      part[Symbol.dispose]();
  }

  #check(): void {
    const nowMs = this.#clock.nowMs();
    for (const { tracker, bars } of this.#watched.values()) {
      this.#show(tracker.check());
      this.#tell(bars.flush(nowMs));
    }
  }

  #show(view: MarketView): void {
    this.#publisher.quote(view);
    this.#quality.update(view);
  }

  #mark(watched: Watched, { instrumentId, mark, receivedMs }: MarketView): void {
    watched.marks += 1;
    const trade = { instrumentId, receivedMs, price: mark, quantity: lots(1), tradeId: watched.marks };
    this.#tell(watched.bars.add({ type: 'trade', aggressor: 'buy', ...trade }));
  }

  #tell(bars: readonly Bar[]): void {
    for (const bar of bars) this.#publisher.bar(this.#hasTrades ? bar : { ...bar, volume: 0, trades: 0 });
  }
}
