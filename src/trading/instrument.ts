import { z } from 'zod';
import { type Grid, type Lots, type Units, createGrid, lots, unitsFloor } from '../core/units.ts';
import { type DecimalInput, decimal, decimalText } from '../core/decimal.ts';
import { PortcullisError } from '../core/errors.ts';
import { Ratio } from '../core/ratio.ts';
import { idSchema } from '../core/ids.ts';
import { toGrid } from '../core/increment.ts';
import { parseOptions } from '../core/options.ts';

const amount = z.custom<DecimalInput>(
  (value) => decimalText(value) !== undefined,
  'expected a plain decimal as string, bigint or Decimal',
);

const schema = z.strictObject({
  instrumentId: idSchema,
  /** `spot`, or `linear`: perpetuals and futures that are settled in the quote currency and held on margin. */
  kind: z.string().default('spot'),
  /**
   * Of linear ones: how much of the exposure is put up as margin, more than 0 and at most 1. There is no model of a
   * liquidation by the venue: keep it well above the venue's own.
   */
  initialMarginFraction: amount.optional(),
  base: idSchema,
  quote: idSchema,
  /** Smallest price step. */
  tick: amount,
  /** Smallest quantity step. */
  step: amount,
  /** Units of the underlying in one contract. */
  multiplier: amount.default('1'),
  /** Smallest quantity of an order; default one step. */
  minQuantity: amount.optional(),
  /** Largest quantity of an order; default none. */
  maxQuantity: amount.optional(),
  /** Smallest value of an order in quote currency. */
  minNotional: amount.default('0'),
});

/** @interface */
export type InstrumentOptions = z.input<typeof schema>;

/** What can be traded, with the grid on which its prices and quantities stand. */
export interface Instrument {
  readonly instrumentId: string;
  readonly kind: 'spot' | 'linear';
  readonly base: string;
  readonly quote: string;
  readonly grid: Grid;
  /** Margin of a linear one by its exposure; 1 for spot. */
  readonly initialMargin: Ratio;
  readonly minQuantity: Lots;
  readonly maxQuantity: Lots;
  readonly minNotional: Units;
}

/**
 * @throws {PortcullisError} `OPTION_INVALID`, `NUMBER_INVALID`, or `INSTRUMENT_KIND_UNSUPPORTED` for anything but spot and linear
 */
export function defineInstrument(options: InstrumentOptions): Instrument {
  const o = parseOptions('Instrument', schema, options);
  const { kind } = o;
  if (kind !== 'spot' && kind !== 'linear') {
    throw new PortcullisError(
      'INSTRUMENT_KIND_UNSUPPORTED',
      `Instrument ${o.instrumentId}: kind: expected spot or linear, got ${JSON.stringify(o.kind)}`,
    );
  }
  const grid = createGrid(o.tick, o.step, o.multiplier);
  const onGrid = (field: string, input: DecimalInput): Lots => {
    const count = toGrid(decimal(input).toFixed(), grid.step, 'exact');
    if (count > 0) return lots(count);
    throw new PortcullisError(
      'OPTION_INVALID',
      `Instrument ${o.instrumentId}: ${field}: expected a positive multiple of the step ${grid.step.value.toFixed()}, got ${decimal(input).toFixed()}`,
    );
  };
  const fraction = decimal(o.initialMarginFraction ?? '1');
  if (!(fraction.gt('0') && fraction.lte('1')) || (kind === 'spot' && !fraction.eq('1'))) {
    const expected = kind === 'spot' ? '1 for spot' : 'more than 0 and at most 1';
    throw new PortcullisError(
      'OPTION_INVALID',
      `Instrument ${o.instrumentId}: initialMarginFraction: expected ${expected}, got ${fraction.toFixed()}`,
    );
  }
  return {
    instrumentId: o.instrumentId,
    kind,
    base: o.base,
    quote: o.quote,
    grid,
    initialMargin: new Ratio(fraction),
    minQuantity: o.minQuantity === undefined ? lots(1) : onGrid('minQuantity', o.minQuantity),
    maxQuantity:
      o.maxQuantity === undefined ? lots(Number.MAX_SAFE_INTEGER) : onGrid('maxQuantity', o.maxQuantity),
    minNotional: unitsFloor(decimal(o.minNotional)),
  };
}
