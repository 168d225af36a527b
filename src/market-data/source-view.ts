import type { Clock } from '../core/clock.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { type DataProblem, type MarketView, isGood } from '../trading/market-view.ts';
import { MarketTracker, type MarketTrackerOptions } from './market-tracker.ts';
import type { ProblemCounts } from './problem-list.ts';

export interface SourceViewDeps {
  readonly instrumentId: string;
  readonly clock: Clock;
}

/** One instrument as one of several sources shows it: its own tracker, and whether the other sources bear it out. */
export class SourceView {
  readonly tracker: MarketTracker;
  #hasEnded = false;
  /** Since when it has had no right book, or was last asked for it. */
  #bookLostMs: number | undefined;
  #ends = 0;
  #deviation: DataProblem | undefined;
  #deviations = 0;
  #base: MarketView;
  #view: MarketView;

  constructor(options: MarketTrackerOptions, deps: SourceViewDeps) {
    this.tracker = new MarketTracker(options, deps);
    this.#base = this.#view = this.tracker.view;
  }

  /** With the doubts that the other sources cast on it; stale once it has ended. The same as long as nothing changes. */
  get view(): MarketView {
    const base = this.tracker.view;
    if (base === this.#base) return this.#view;
    this.#base = base;
    return this.#refresh();
  }

  get problemCounts(): ProblemCounts {
    const counts = this.tracker.problemCounts;
    return { ...counts, STALE: counts.STALE + this.#ends, SOURCE_DEVIATION: this.#deviations };
  }

  get clockOffsetMs(): number {
    return this.tracker.clockOffsetMs;
  }

  /** The middle of its best prices, in ticks, whatever the other sources say; NaN without good ones. */
  get price(): number {
    const { bids, asks } = this.tracker.view;
    const [bid] = bids;
    const [ask] = asks;
    if (this.#hasEnded || bid === undefined || ask === undefined || !isGood(this.tracker.view)) return NaN;
    return (bid.price + ask.price) / 2;
  }

  apply(event: MarketEvent): void {
    this.tracker.apply(event);
    if (!this.#hasEnded) return;
    this.#hasEnded = false;
    this.#base = this.tracker.view;
    this.#refresh();
  }

  /** @returns whether it is time to ask for its book anew: it has been wrong for so long, or again for so long */
  needsBook(nowMs: number, afterMs: number): boolean {
    const { problems } = this.tracker.view;
    const isLost = problems.some(({ code }) => code === 'SEQUENCE_GAP' || code === 'NO_BOOK');
    this.#bookLostMs = isLost && !this.#hasEnded ? (this.#bookLostMs ?? nowMs) : undefined;
    if (this.#bookLostMs === undefined || nowMs - this.#bookLostMs < afterMs) return false;
    this.#bookLostMs = nowMs;
    return true;
  }

  /** Nothing more comes, so that it is stale at once, until something comes after all. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#ends += 1;
    this.#base = this.tracker.view;
    this.#refresh();
  }

  /** @returns whether that is news */
  trust(isTrusted: boolean, measured: number, limit: number): boolean {
    if (isTrusted === (this.#deviation === undefined)) return false;
    const { instrumentId } = this.tracker.view;
    if (!isTrusted) this.#deviations += 1;
    this.#deviation = isTrusted
      ? undefined
      : { code: 'SOURCE_DEVIATION', instrumentId, blocking: true, measured, limit };
    this.#refresh();
    return true;
  }

  #refresh(): MarketView {
    const base = this.#base;
    const problems = [...base.problems];
    if (this.#deviation !== undefined) problems.push(this.#deviation);
    if (this.#hasEnded && !problems.some(({ code }) => code === 'STALE')) {
      const { instrumentId } = base;
      problems.push({ code: 'STALE', instrumentId, blocking: true, note: 'the source has ended' });
    }
    this.#view = problems.length === base.problems.length ? base : { ...base, problems };
    return this.#view;
  }
}
