import type { MarketEvent } from '../trading/market-event.ts';
import type { DataProblem, DataProblemCode, Level } from '../trading/market-view.ts';
import type { z } from 'zod';
import type { BookState } from './verified-book.ts';
import { parseOptions } from '../core/options.ts';
import { ClockOffset } from './clock-offset.ts';
import { type DataQualityOptions, DataQualityOptionsSchema } from './data-quality-options.ts';
import { PriceJump } from './price-jump.ts';
import { type ProblemCounts, ProblemList } from './problem-list.ts';

/** The book as it stands after an event. */
export interface BookCondition {
  readonly state: BookState;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  readonly mark: number;
}

/**
 * Judges the data of one instrument, and says what is wrong with it as typed problems.
 *
 * | code | what | blocks |
 * |--|--|--|
 * | `NO_BOOK` | no snapshot yet | yes |
 * | `SEQUENCE_GAP` | a change is missing, until the next snapshot | yes |
 * | `SIDE_EMPTY`, `CROSSED` | nobody bids or asks; a bid at or above an ask | yes |
 * | `PRICE_JUMP` | a mark or trade too far from the last good mark, until confirmed or back ({@link PriceJump}) | yes |
 * | `STALE` | the book is older than `staleAfterMs` | yes |
 * | `CLOCK_OFFSET` | the clocks differ by more than `reportOffsetMs` ({@link ClockOffset}) | beyond `maxOffsetMs` |
 * | `DUPLICATE` | an id seen before; the event is ignored | no |
 * | `OUT_OF_ORDER` | receive time or id goes back; with an older id the event is ignored | no |
 * | `MALFORMED` | not a possible price, quantity or id; the event is ignored, a change of the book makes a gap | no |
 *
 * The first six last until they are over and count once; the others belong to one event.
 */
export class DataQualityMonitor {
  readonly #options: z.output<typeof DataQualityOptionsSchema>;
  readonly #problems: ProblemList;
  readonly #jump: PriceJump;
  readonly #offset = new ClockOffset();
  #lastReceivedMs = -Infinity;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: DataQualityOptions, { instrumentId }: { readonly instrumentId: string }) {
    this.#options = parseOptions('DataQualityMonitor', DataQualityOptionsSchema, options);
    this.#problems = new ProblemList(instrumentId);
    this.#jump = new PriceJump(this.#options);
  }

  /** What is wrong now. The same array as long as nothing changes. */
  get problems(): readonly DataProblem[] {
    return this.#problems.current;
  }

  /** How often each problem began. */
  get counts(): ProblemCounts {
    return this.#problems.counts;
  }

  /** How far the exchange's clock is ahead of ours, in milliseconds; NaN until it has been measured. */
  get clockOffsetMs(): number {
    return this.#offset.ms;
  }

  /** Looks at the times of an event; first of all calls for it. */
  received({ receivedMs, exchangeMs }: MarketEvent): void {
    this.#problems.nextEvent();
    if (receivedMs < this.#lastReceivedMs) {
      this.note('OUT_OF_ORDER', 'receive time', { measured: receivedMs, limit: this.#lastReceivedMs });
    } else {
      this.#lastReceivedMs = receivedMs;
    }
    if (exchangeMs === undefined) return;
    this.#offset.observe(exchangeMs, receivedMs);
    this.#judgeOffset();
  }

  /** Adds a problem of this event alone. */
  note(
    code: 'DUPLICATE' | 'OUT_OF_ORDER' | 'MALFORMED',
    note: string,
    facts: { readonly measured?: number; readonly limit?: number } = {},
  ): void {
    this.#problems.note(code, { blocking: false, ...facts, note });
  }

  /** A change of the book begins at `firstUpdateId`, where `expectedUpdateId` should come. */
  gap(firstUpdateId: number, expectedUpdateId: number): void {
    this.#lasting('SEQUENCE_GAP', true, firstUpdateId, expectedUpdateId);
  }

  /** Judges the book after a change to it, or to the best prices. */
  book({ state, bids, asks, mark }: BookCondition, nowMonotonicMs: number): void {
    this.#lasting('NO_BOOK', state === 'none');
    this.#lasting('SEQUENCE_GAP', state === 'gap');
    const [bid] = bids;
    const [ask] = asks;
    const twoSided = bid !== undefined && ask !== undefined;
    this.#lasting('SIDE_EMPTY', state === 'valid' && !twoSided);
    this.#lasting('CROSSED', twoSided && bid.price >= ask.price, bid?.price, ask?.price);
    if (this.#problems.blockedBesides('PRICE_JUMP')) return;
    this.#jump.mark(mark, nowMonotonicMs);
    this.#judgeJump();
  }

  /** Judges the price of a trade. */
  trade(price: number, nowMonotonicMs: number): void {
    if (this.#problems.blockedBesides('PRICE_JUMP')) return;
    this.#jump.trade(price, nowMonotonicMs);
    this.#judgeJump();
  }

  /** Judges the age of the book. */
  age(ageMs: number): void {
    const { staleAfterMs } = this.#options;
    this.#lasting('STALE', !(ageMs >= 0 && ageMs <= staleAfterMs), ageMs, staleAfterMs);
  }

  #judgeJump(): void {
    this.#lasting('PRICE_JUMP', this.#jump.suspected, this.#jump.jumpBps, this.#options.maxJumpBps);
  }

  #judgeOffset(): void {
    const { ms } = this.#offset;
    const size = Math.abs(ms);
    const { reportOffsetMs, maxOffsetMs = Infinity } = this.#options;
    const blocking = size > maxOffsetMs;
    if (!(size > reportOffsetMs) && !blocking) this.#problems.clear('CLOCK_OFFSET');
    else {
      const limit = blocking ? maxOffsetMs : reportOffsetMs;
      this.#problems.raise('CLOCK_OFFSET', { blocking, measured: ms, limit });
    }
  }

  #lasting(code: DataProblemCode, present: boolean, measured?: number, limit?: number): void {
    if (!present) this.#problems.clear(code);
    else if (measured === undefined || limit === undefined) this.#problems.raise(code, { blocking: true });
    else this.#problems.raise(code, { blocking: true, measured, limit });
  }
}
