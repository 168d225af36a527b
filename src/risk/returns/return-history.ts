import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { idSchema } from '../../core/ids.ts';
import { parseOptions } from '../../core/options.ts';
import type { Bar } from '../../trading/bar.ts';

const schema = z
  .strictObject({
    /** The instruments it keeps returns of. Each pair costs about 80 bytes where correlations are kept. */
    instrumentIds: z.array(idSchema).min(1).max(1_000),
    /** Length of a bar, from `openMs` to `closeMs`. */
    barMs: z.int().min(1),
    /** Bars close at multiples of `barMs`, shifted by this much. */
    offsetMs: z.int().min(0).default(0),
    /** How many bars back from the newest bar of any instrument. */
    window: z.int().min(2).max(10_000).default(250),
  })
  .refine(({ instrumentIds }) => new Set(instrumentIds).size === instrumentIds.length, {
    path: ['instrumentIds'],
    message: 'expected each instrument once',
  })
  .refine(({ barMs, offsetMs }) => offsetMs < barMs, {
    path: ['offsetMs'],
    message: 'expected less than barMs',
  });

/** @interface */
export type ReturnHistoryOptions = z.input<typeof schema>;

export interface ReturnHistoryDeps {
  /** With it, a bar that closes later than now is `invalid`. */
  readonly clock?: Pick<Clock, 'nowMs'>;
}

/** What became of a bar; all but `added` leave no trace but a count. */
export type BarOutcome = 'added' | 'duplicate' | 'out-of-order' | 'invalid' | 'off-grid' | 'other-instrument';

/** Follows a history synchronously, in this order: what leaves, what came, then `settle` once per bar that was added. */
export interface ReturnListener {
  /** The returns at a position are about to be forgotten. */
  leaves(position: number): void;
  /** An instrument has a return at a position. */
  came(instrument: number, position: number): void;
  settle(instrument: number): void;
}

interface Row {
  readonly index: number;
  readonly column: Float64Array;
  slot: number;
  close: number;
}

/** Beyond these a number is no price, and squares of its returns, summed over any window, still fit a float64. */
const MIN_CLOSE = 1e-30;
const MAX_CLOSE = 1e30;

/**
 * The last returns of some instruments, aligned by the close of their bars. Returns are simple, `close / before - 1`: a
 * position's profit is its value times that, which is not so for log returns. A return over a missing bar is unknown.
 * Float64: statistics, never money.
 */
export class ReturnHistory {
  readonly instrumentIds: readonly string[];
  readonly barMs: number;
  readonly window: number;
  readonly #offsetMs: number;
  readonly #rows = new Map<string, Row>();
  readonly #columns: Float64Array[] = [];
  readonly #listeners: ReturnListener[] = [];
  readonly #counts: Record<BarOutcome, number> = {
    added: 0,
    duplicate: 0,
    'out-of-order': 0,
    invalid: 0,
    'off-grid': 0,
    'other-instrument': 0,
  };
  readonly #clock: ReturnHistoryDeps['clock'];
  /** Number of the newest bar; -1 before the first. */
  #newest = -1;
  /** Number of the last bar that was too far ahead, until another one is added. */
  #ahead = NaN;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: ReturnHistoryOptions, { clock }: ReturnHistoryDeps = {}) {
    const { instrumentIds, barMs, offsetMs, window } = parseOptions('ReturnHistory', schema, options);
    this.instrumentIds = instrumentIds;
    this.barMs = barMs;
    this.window = window;
    this.#offsetMs = offsetMs;
    this.#clock = clock;
    for (const [index, instrumentId] of instrumentIds.entries()) {
      const column = new Float64Array(window).fill(NaN);
      this.#columns.push(column);
      this.#rows.set(instrumentId, { index, column, slot: -1, close: NaN });
    }
  }

  /** Changes with every bar that is added. */
  get version(): number {
    return this.#counts.added;
  }

  /** How many bars there were of each outcome. */
  counts(): Readonly<Record<BarOutcome, number>> {
    return { ...this.#counts };
  }

  /**
   * Takes a bar. Each instrument's bars come in order; one instrument may lag behind another. The first bar of a time
   * counts: a correction is a duplicate. After the first bar, one that is more than a window ahead of the newest is `invalid`
   * until a later one comes right behind it: a single wrong date makes nothing forgotten, and a long pause ends.
   */
  add(bar: Bar): BarOutcome {
    const outcome = this.#take(bar);
    this.#counts[outcome] += 1;
    return outcome;
  }

  /** The number of an instrument in {@link instrumentIds}; `undefined` for any other. */
  indexOf(instrumentId: string): number | undefined {
    return this.#rows.get(instrumentId)?.index;
  }

  /** The return at a position from 0 to `window - 1`, in no order of time; NaN when unknown. */
  at(instrument: number, position: number): number {
    return this.#columns[instrument]?.[position] ?? NaN;
  }

  /** Where the return of the bar stands that is `barsBack` before the newest one. */
  positionOf(barsBack: number): number {
    const { window } = this;
    return (((this.#newest - barsBack) % window) + window) % window;
  }

  /** The last returns, oldest first; NaN where unknown. */
  last(instrumentId: string, count = this.window): Float64Array {
    const returns = new Float64Array(Math.min(count, this.window));
    const index = this.indexOf(instrumentId) ?? -1;
    for (let i = 0; i < returns.length; i += 1)
      returns[i] = this.at(index, this.positionOf(returns.length - 1 - i));
    return returns;
  }

  watch(listener: ReturnListener): void {
    this.#listeners.push(listener);
  }

  #take({ instrumentId, openMs, closeMs, close }: Bar): BarOutcome {
    const row = this.#rows.get(instrumentId);
    if (row === undefined) return 'other-instrument';
    if (!(close >= MIN_CLOSE && close <= MAX_CLOSE)) return 'invalid';
    const slot = (closeMs - this.#offsetMs) / this.barMs;
    if (!(Number.isSafeInteger(slot) && slot >= 0 && closeMs - openMs === this.barMs)) return 'off-grid';
    if (slot <= row.slot) return slot === row.slot ? 'duplicate' : 'out-of-order';
    if (!this.#isDue(slot, closeMs)) return 'invalid';
    this.#ahead = NaN;
    const change = slot === row.slot + 1 ? close / row.close - 1 : NaN;
    row.slot = slot;
    row.close = close;
    this.#advance(slot);
    const position = slot % this.window;
    // One that lags by more than the window has no place left.
    if (!Number.isNaN(change) && slot > this.#newest - this.window) {
      row.column[position] = change;
      for (const listener of this.#listeners) listener.came(row.index, position);
    }
    for (const listener of this.#listeners) listener.settle(row.index);
    return 'added';
  }

  #isDue(slot: number, closeMs: number): boolean {
    if (this.#clock !== undefined && !(closeMs <= this.#clock.nowMs())) return false;
    if (this.#newest === -1 || slot - this.#newest <= this.window) return true;
    if (slot > this.#ahead && slot - this.#ahead <= this.window) return true;
    this.#ahead = slot;
    return false;
  }

  #advance(slot: number): void {
    const first = Math.max(this.#newest + 1, slot - this.window + 1);
    for (let next = first; next <= slot; next += 1) {
      const position = next % this.window;
      for (const listener of this.#listeners) listener.leaves(position);
      for (const column of this.#columns) column[position] = NaN;
    }
    this.#newest = Math.max(this.#newest, slot);
  }
}
