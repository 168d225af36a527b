import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';
import type { SeededRandom } from '../../core/random.ts';
import type { Ticks } from '../../core/units.ts';
import type { TimeInForce } from '../../trading/order-intent.ts';

export const rejectionSchema = z.strictObject({
  /** Share of new orders that is refused by chance, by the reason that is given, such as `{ VENUE_OVERLOADED: 0.01 }`. */
  rates: z
    .record(idSchema, z.number().min(0).max(1))
    .refine((rates) => sumOf(Object.values(rates)) <= 1, 'expected shares of at most 1 in all')
    .default({}),
  /** `PRICE_OFF_BAND`: orders and changes further than this from the middle of the market, as a fraction of it. */
  priceBandFraction: z.number().positive().optional(),
  /** `TOO_MANY_OPEN_ORDERS`: an order that would rest while so many of its account do. */
  maxOpenOrders: z.int().min(0).optional(),
  /** `VENUE_MAINTENANCE`: no orders and no changes from the first wall time up to the second; cancels are taken. */
  maintenance: z
    .array(
      z
        .strictObject({ fromMs: z.number(), toMs: z.number() })
        .refine(({ fromMs, toMs }) => fromMs < toMs, 'expected fromMs before toMs'),
    )
    .default([]),
});

/** @interface */
export type RejectionOptions = z.input<typeof rejectionSchema>;

/** What a request asks for, and what the venue looks at. */
export interface AskedOf {
  readonly nowMs: number;
  readonly price: Ticks;
  /** In ticks; `undefined` without prices of others. */
  readonly middle: number | undefined;
}

export interface AskedOrder extends AskedOf {
  readonly timeInForce: TimeInForce;
  /** Orders of the account that rest; asked only if it matters. */
  readonly openOrders: () => number;
}

/** Why a paper venue refuses what its engine would take. Rules first, then chance. */
export class PaperRejections {
  readonly #options: z.output<typeof rejectionSchema>;
  readonly #random: SeededRandom;

  constructor(options: z.output<typeof rejectionSchema>, random: SeededRandom) {
    this.#options = options;
    this.#random = random;
  }

  ofOrder(asked: AskedOrder): string | undefined {
    return this.ofAmend(asked) ?? this.#ofCount(asked) ?? this.#byChance();
  }

  ofAmend({ nowMs, price, middle }: AskedOf): string | undefined {
    const { maintenance, priceBandFraction } = this.#options;
    if (maintenance.some(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs)) return 'VENUE_MAINTENANCE';
    if (priceBandFraction === undefined) return undefined;
    if (middle === undefined) return 'MARKET_UNAVAILABLE';
    return Math.abs(price - middle) <= priceBandFraction * middle ? undefined : 'PRICE_OFF_BAND';
  }

  #ofCount({ timeInForce, openOrders }: AskedOrder): string | undefined {
    const { maxOpenOrders } = this.#options;
    if (maxOpenOrders === undefined || timeInForce !== 'GTC') return undefined;
    return openOrders() < maxOpenOrders ? undefined : 'TOO_MANY_OPEN_ORDERS';
  }

  #byChance(): string | undefined {
    const rates = Object.entries(this.#options.rates);
    if (rates.length === 0) return undefined;
    let left = this.#random.next();
    for (const [reason, rate] of rates) {
      if (left < rate) return reason;
      left -= rate;
    }
    return undefined;
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
