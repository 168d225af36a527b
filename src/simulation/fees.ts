import { z } from 'zod';
import { type Decimal, type DecimalInput, decimal, decimalText } from '../core/decimal.ts';
import { type Lots, type Ticks, exactMoney } from '../core/units.ts';
import type { Fee } from '../trading/fill.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { Side } from '../trading/order-intent.ts';

/** Digits after the point of a fee. */
const FEE_PLACES = 8;
const ROUND_TO_ZERO = 0;
const ROUND_FROM_ZERO = 3;
const BPS = '10000';
const ONE = decimal('1');

const bps = z.custom<DecimalInput>((value) => {
  const text = decimalText(value);
  return text !== undefined && decimal(text).abs().lte(BPS);
}, 'expected basis points from -10000 (a rebate of all) to 10000, as string, bigint or Decimal');

export const feeSchema = z.strictObject({
  /** Basis points of the notional paid by the resting side; negative for a rebate. */
  makerFeeBps: bps.default('2'),
  /** Basis points of the notional paid by the side that took. */
  takerFeeBps: bps.default('5'),
  /** What fees are paid in. `received`: in what the trade brings, the base when buying and the quote when selling. */
  feeCurrency: z.enum(['quote', 'base', 'received']).default('quote'),
});

/** @interface */
export type FeeOptions = z.input<typeof feeSchema>;

/** Maker and taker fees of one instrument. */
export class FeeSchedule {
  readonly #instrument: Instrument;
  readonly #maker: Decimal;
  readonly #taker: Decimal;
  readonly #currency: z.output<typeof feeSchema>['feeCurrency'];

  constructor(options: z.output<typeof feeSchema>, instrument: Instrument) {
    this.#instrument = instrument;
    this.#maker = decimal(options.makerFeeBps).div(BPS);
    this.#taker = decimal(options.takerFeeBps).div(BPS);
    this.#currency = options.feeCurrency;
  }

  /**
   * `notional x bps / 10,000`, in base currency `quantity x bps / 10,000`: exact, rounded against the trader at 8 places,
   * a fee up, a rebate towards zero.
   */
  fee(liquidity: 'maker' | 'taker', side: Side, quantity: Lots, price: Ticks): Fee {
    const { grid, base, quote } = this.#instrument;
    const inBase = this.#currency === 'base' || (this.#currency === 'received' && side === 'buy');
    const unitPrice = inBase ? ONE : grid.tick.value.times(decimal(BigInt(price)));
    const exact = exactMoney(grid, quantity, unitPrice).times(
      liquidity === 'maker' ? this.#maker : this.#taker,
    );
    const amount = exact.round(FEE_PLACES, exact.lt('0') ? ROUND_TO_ZERO : ROUND_FROM_ZERO);
    return { amount, currency: inBase ? base : quote };
  }
}
