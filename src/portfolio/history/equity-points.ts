import { type Decimal, ZERO } from '../../core/decimal.ts';
import type { EquityPoint, EquitySample } from './history-rows.ts';

/** Stretches of time of equal length. */
export interface Stretches {
  readonly fromMs: number;
  /** Inclusive. */
  readonly toMs: number;
  readonly points: number;
}

/** Makes one point of all samples in a stretch of time; those without any give none. Samples come oldest first. */
export class EquityPoints {
  readonly #stretches: Stretches | undefined;
  readonly #points: EquityPoint[] = [];
  #open: OpenPoint | undefined;

  /** @param stretches default: every sample is a point */
  constructor(stretches?: Stretches) {
    this.#stretches = stretches;
  }

  add(sample: EquitySample): void {
    const at = this.#stretchOf(sample);
    if (this.#open !== undefined && this.#open.at === at) {
      this.#open.add(sample);
      return;
    }
    this.#close();
    this.#open = new OpenPoint(at, sample);
  }

  /** All of them, the last one included. */
  end(): readonly EquityPoint[] {
    this.#close();
    this.#open = undefined;
    return this.#points;
  }

  #stretchOf({ atMs }: EquitySample): number {
    if (this.#stretches === undefined) return this.#points.length + 1 + (this.#open === undefined ? 0 : 1);
    const { fromMs, toMs, points } = this.#stretches;
    return Math.min(points - 1, Math.floor(((atMs - fromMs) / (toMs - fromMs + 1)) * points));
  }

  #close(): void {
    if (this.#open !== undefined) this.#points.push(this.#open.point());
  }
}

class OpenPoint {
  readonly at: number;
  readonly #first: EquitySample;
  #last: EquitySample;
  #samples = 1;
  #min: Bound;
  #max: Bound;
  #balance: string | undefined;
  #highWater: string | undefined;
  #drawdown: number | undefined;

  constructor(at: number, first: EquitySample) {
    this.at = at;
    this.#first = first;
    this.#last = first;
    this.#min = this.#max = { text: first.equity, value: ZERO.plus(first.equity) };
    this.#note(first);
  }

  add(sample: EquitySample): void {
    this.#last = sample;
    this.#samples += 1;
    const value = ZERO.plus(sample.equity);
    if (value.lt(this.#min.value)) this.#min = { text: sample.equity, value };
    if (value.gt(this.#max.value)) this.#max = { text: sample.equity, value };
    this.#note(sample);
  }

  point(): EquityPoint {
    return {
      accountId: this.#first.accountId,
      fromMs: this.#first.atMs,
      toMs: this.#last.atMs,
      samples: this.#samples,
      first: this.#first.equity,
      last: this.#last.equity,
      min: this.#min.text,
      max: this.#max.text,
      ...(this.#balance !== undefined && { balance: this.#balance }),
      ...(this.#highWater !== undefined && { highWater: this.#highWater }),
      ...(this.#drawdown !== undefined && { drawdownFraction: this.#drawdown }),
    };
  }

  #note({ balance, highWater, drawdownFraction }: EquitySample): void {
    this.#balance = balance ?? this.#balance;
    this.#highWater = highWater ?? this.#highWater;
    if (drawdownFraction !== undefined) this.#drawdown = Math.max(this.#drawdown ?? 0, drawdownFraction);
  }
}

interface Bound {
  readonly text: string;
  readonly value: Decimal;
}
