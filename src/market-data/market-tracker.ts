import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { Lots } from '../core/units.ts';
import type { BestQuote, BookDiff, BookSnapshot, MarketEvent, PublicTrade } from '../trading/market-event.ts';
import { type MarketView, isGood, midMark } from '../trading/market-view.ts';
import { BookTop } from './book-top.ts';
import { DataQualityMonitor } from './data-quality-monitor.ts';
import { DataQualityOptionsSchema } from './data-quality-options.ts';
import { eventFlaw } from './event-flaw.ts';
import type { ProblemCounts } from './problem-list.ts';
import { RecentMarket, RecentMarketOptionsSchema } from './recent-market.ts';
import { RollingSum } from './rolling-sum.ts';
import { VerifiedBook } from './verified-book.ts';

export const MarketTrackerOptionsSchema = z.strictObject({
  depth: z.int().min(1).max(1_000).default(10),
  volumeWindowMs: z.number().positive().default(60_000),
  maxWaitingDiffs: z.int().min(1).default(1_000),
  recent: RecentMarketOptionsSchema.prefault({}),
  quality: DataQualityOptionsSchema.prefault({}),
});

/**
 * - `depth`: levels a side in the view, 1 to 1,000. Default 10.
 * - `volumeWindowMs`: over which `recentVolume` is summed. Default 60,000.
 * - `maxWaitingDiffs`: changes of the book kept while it waits for a snapshot. Default 1,000.
 * - `recent`: over which time the recent spread and marks are kept; see `RecentMarketOptions`.
 * - `quality`: see `DataQualityOptions`.
 *
 * @interface
 */
export type MarketTrackerOptions = z.input<typeof MarketTrackerOptionsSchema>;

export interface MarketTrackerDeps {
  readonly instrumentId: string;
  /**
   * The one by which events have their `receivedMonotonicMs`. For those without, it must stand at their receipt when they are
   * applied; a replay moves it there first.
   */
  readonly clock: Clock;
}

/**
 * Folds the events of one instrument into its market view: a verified book ({@link VerifiedBook}), best prices from
 * whichever of book and quote is fresher (`BookTop`), recent volume, what spread and mark have been (`RecentMarket`), and
 * what is wrong with the data ({@link DataQualityMonitor}).
 *
 * `receivedMs`, `receivedMonotonicMs` and `exchangeMs` of the view are those of the event that last told us prices: an
 * ignored event or a trade makes no price fresher. Until there is one they are `-Infinity`, so that every age is too high.
 * An event that has waited since its receipt is as old as that: a consumer that does not keep up sees a `STALE` view.
 */
export class MarketTracker {
  readonly #instrumentId: string;
  readonly #clock: Clock;
  readonly #volumeWindowMs: number;
  readonly #book: VerifiedBook;
  readonly #top: BookTop;
  readonly #volume: RollingSum;
  readonly #recent: RecentMarket;
  readonly #quality: DataQualityMonitor;
  #receivedMs = -Infinity;
  #receivedMonotonicMs = -Infinity;
  #exchangeMs: number | undefined;
  /** When the book was last confirmed as a whole; quotes tell nothing of its depth. */
  #bookMonotonicMs = -Infinity;
  #lastQuoteId = -Infinity;
  #lastTradeId = -Infinity;
  #view: MarketView;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: MarketTrackerOptions, { instrumentId, clock }: MarketTrackerDeps) {
    const o = parseOptions('MarketTracker', MarketTrackerOptionsSchema, options);
    this.#instrumentId = instrumentId;
    this.#clock = clock;
    this.#volumeWindowMs = o.volumeWindowMs;
    this.#book = new VerifiedBook(o.maxWaitingDiffs);
    this.#top = new BookTop(this.#book, o.depth);
    this.#volume = new RollingSum(o.volumeWindowMs);
    this.#recent = new RecentMarket(o.recent);
    this.#quality = new DataQualityMonitor(o.quality, { instrumentId });
    this.#judgeBook(0);
    this.#view = this.#look(0);
  }

  /** The market after the last event. */
  get view(): MarketView {
    return this.#view;
  }

  /** How often each problem began. */
  get problemCounts(): ProblemCounts {
    return this.#quality.counts;
  }

  /** How far the exchange's clock is ahead of ours, in milliseconds; NaN until it has been measured. */
  get clockOffsetMs(): number {
    return this.#quality.clockOffsetMs;
  }

  /**
   * @returns the market after the event
   * @throws {PortcullisError} `INPUT_INVALID` for an event of another instrument
   */
  apply(event: MarketEvent): MarketView {
    if (event.instrumentId !== this.#instrumentId) {
      throw new PortcullisError(
        'INPUT_INVALID',
        `MarketTracker: instrumentId: expected ${this.#instrumentId}, got ${event.instrumentId}`,
      );
    }
    const now = this.#clock.monotonicMs();
    this.#quality.received(event);
    this.#judgeAge(now);
    this.#take(event, now);
    this.#sample(now);
    this.#view = this.#look(now);
    return this.#view;
  }

  /**
   * To be called when nothing arrives: the view becomes stale, what is recent goes on, and volume leaves its window.
   *
   * @returns the market now
   */
  check(): MarketView {
    const now = this.#clock.monotonicMs();
    this.#judgeAge(now);
    this.#sample(now);
    const { problems, recentVolume, recentSpread, recentMarks } = this.#view;
    const isAsItWas =
      this.#quality.problems === problems &&
      this.#volume.at(now) === recentVolume &&
      this.#recent.spread === recentSpread &&
      this.#recent.marks === recentMarks;
    if (!isAsItWas) this.#view = this.#look(now);
    return this.#view;
  }

  /**
   * The whole verified book, as of its last update, for somebody who goes on with the events after it.
   *
   * @returns `undefined` while it is not valid
   */
  snapshot(): BookSnapshot | undefined {
    const { bids, asks, updateId } = this.#book;
    if (!this.#book.isValid()) return undefined;
    return {
      type: 'snapshot',
      instrumentId: this.#instrumentId,
      receivedMs: this.#receivedMs,
      receivedMonotonicMs: this.#bookMonotonicMs,
      ...(this.#exchangeMs !== undefined && { exchangeMs: this.#exchangeMs }),
      updateId,
      bids: bids.top(bids.size),
      asks: asks.top(asks.size),
    };
  }

  /** The last quote, where it is newer than the book: it comes after the snapshot. */
  quoteAfterSnapshot(): BestQuote | undefined {
    return this.#top.newerQuote;
  }

  #take(event: MarketEvent, now: number): void {
    const flaw = eventFlaw(event);
    if (flaw !== undefined) this.#refuse(event, flaw, now);
    else if (event.type === 'quote') this.#quote(event, now);
    else if (event.type === 'trade') this.#trade(event, now);
    else if (event.type === 'diff') this.#diff(event, now);
    else this.#snapshot(event, now);
  }

  #refuse(event: MarketEvent, flaw: string, now: number): void {
    this.#quality.note('MALFORMED', `${event.type}: ${flaw}`);
    if (event.type !== 'diff') return;
    this.#book.invalidate();
    this.#bookChanged(now);
  }

  #quote(event: BestQuote, now: number): void {
    if (!this.#isNew(event.updateId, this.#lastQuoteId, 'update id of a quote')) return;
    this.#lastQuoteId = event.updateId;
    if (!this.#top.quote(event)) return;
    this.#priced(event, now);
    this.#judgeBook(now);
  }

  #trade({ tradeId, quantity, price }: PublicTrade, now: number): void {
    if (!this.#isNew(tradeId, this.#lastTradeId, 'trade id')) return;
    this.#lastTradeId = tradeId;
    this.#volume.add(quantity, now);
    this.#quality.trade(price, now);
  }

  #diff(event: BookDiff, now: number): void {
    const { updateId } = this.#book;
    const step = this.#book.diff(event);
    if (step === 'old') this.#isNew(event.updateId, updateId, 'update id of a change');
    if (step === 'gap') this.#quality.gap(event.firstUpdateId, updateId + 1);
    if (step === 'applied') this.#confirmed(event, now);
    if (step === 'applied' || step === 'gap') this.#bookChanged(now);
  }

  #snapshot(event: BookSnapshot, now: number): void {
    const { updateId } = this.#book;
    const step = this.#book.snapshot(event);
    if (step === 'old') this.#isNew(event.updateId, updateId, 'update id of a snapshot');
    if (step === 'applied') this.#confirmed(event, now);
    if (step !== 'old') this.#bookChanged(now);
  }

  #isNew(id: number, last: number, what: string): boolean {
    if (id > last) return true;
    this.#quality.note(id === last ? 'DUPLICATE' : 'OUT_OF_ORDER', what, { measured: id, limit: last });
    return false;
  }

  #confirmed(event: BookSnapshot | BookDiff, now: number): void {
    this.#bookMonotonicMs = receiptOf(event, now);
    this.#judgeAge(now);
    this.#priced(event, now);
  }

  #priced(event: MarketEvent, now: number): void {
    this.#receivedMs = event.receivedMs;
    this.#receivedMonotonicMs = receiptOf(event, now);
    this.#exchangeMs = event.exchangeMs;
  }

  #bookChanged(now: number): void {
    this.#top.refresh();
    this.#judgeBook(now);
  }

  #judgeBook(now: number): void {
    const { bids, asks } = this.#top;
    this.#quality.book({ state: this.#book.state, bids, asks, mark: midMark(bids[0], asks[0]) }, now);
  }

  #judgeAge(now: number): void {
    if (this.#bookMonotonicMs !== -Infinity) this.#quality.age(now - this.#bookMonotonicMs);
  }

  #sample(now: number): void {
    this.#recent.advance(now);
    const [bid] = this.#top.bids;
    const [ask] = this.#top.asks;
    if (bid === undefined || ask === undefined) return;
    const mark = midMark(bid, ask);
    if (isGood({ mark, problems: this.#quality.problems })) this.#recent.see(bid.price, ask.price, mark);
  }

  #look(now: number): MarketView {
    const { bids, asks } = this.#top;
    const { spread, marks } = this.#recent;
    const view: Draft = {
      instrumentId: this.#instrumentId,
      bids,
      asks,
      mark: midMark(bids[0], asks[0]),
      recentVolume: this.#volume.at(now) as Lots,
      volumeWindowMs: this.#volumeWindowMs,
      receivedMonotonicMs: this.#receivedMonotonicMs,
      receivedMs: this.#receivedMs,
      problems: this.#quality.problems,
    };
    if (spread !== undefined) view.recentSpread = spread;
    if (marks !== undefined) view.recentMarks = marks;
    if (this.#exchangeMs !== undefined) view.exchangeMs = this.#exchangeMs;
    return view;
  }
}

/** On the monotonic clock, never later than now; NaN, which is too old, for a time that is none. */
const receiptOf = (event: MarketEvent, now: number): number =>
  Math.min(event.receivedMonotonicMs ?? now, now);

/** A view in the making. */
type Draft = { -readonly [Field in keyof MarketView]: MarketView[Field] };
