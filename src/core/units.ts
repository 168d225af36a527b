import { type Decimal, type DecimalInput, decimal } from './decimal.ts';
import { PortcullisError } from './errors.ts';
import { type Increment, increment } from './increment.ts';

declare const unit: unique symbol;

/** A quantity as a whole number of steps. */
export type Lots = number & { readonly [unit]: 'lots' };
/** A price as a whole number of ticks. */
export type Ticks = number & { readonly [unit]: 'ticks' };
/** Money in millionths of the account currency, rounded against the trader. Exact up to 9 billion. */
export type Units = number & { readonly [unit]: 'units' };

/** @inline */
type Amount = Lots | Ticks | Units;

export const lots = (n: number): Lots => n as Lots;
export const ticks = (n: number): Ticks => n as Ticks;
export const units = (n: number): Units => n as Units;

export const add = <T extends Amount>(a: T, b: NoInfer<T>): T => (a + b) as T;
export const sub = <T extends Amount>(a: T, b: NoInfer<T>): T => (a - b) as T;
export const neg = <T extends Amount>(a: T): T => (0 - a) as T;
export const abs = <T extends Amount>(a: T): T => Math.abs(a) as T;
/** NaN if either is: what is unknown never becomes a number. The same for `min`. */
export const max = <T extends Amount>(a: T, b: NoInfer<T>): T => Math.max(a, b) as T;
export const min = <T extends Amount>(a: T, b: NoInfer<T>): T => Math.min(a, b) as T;

/**
 * What turns lots and ticks into money: `quantity x price x step x tick x multiplier`, in millionths, as the exact
 * fraction `numerator / denominator`.
 */
export interface Grid {
  readonly tick: Increment;
  readonly step: Increment;
  readonly multiplier: Decimal;
  /** Money of one lot at one tick, exactly. */
  readonly lotTick: Decimal;
  readonly numerator: number;
  readonly denominator: number;
}

const UNITS_PER_ONE = decimal('1000000');

/**
 * @param multiplier units of the underlying in one contract; 1 for spot
 * @throws {PortcullisError} `NUMBER_INVALID` when an increment is not positive, or too fine to be held exactly
 */
export function createGrid(tick: DecimalInput, step: DecimalInput, multiplier: DecimalInput = '1'): Grid {
  const grid = {
    tick: increment(tick, 'tick'),
    step: increment(step, 'step'),
    multiplier: decimal(multiplier, 'multiplier'),
  };
  if (grid.multiplier.lte('0')) {
    throw new PortcullisError(
      'NUMBER_INVALID',
      `multiplier: expected more than 0, got ${grid.multiplier.toFixed()}`,
    );
  }
  const lotTick = grid.tick.value.times(grid.step.value).times(grid.multiplier);
  const factor = lotTick.times(UNITS_PER_ONE);
  const places = Math.max(0, factor.c.length - 1 - factor.e);
  const denominator = 10 ** places;
  const numerator = Number(factor.times(decimal(`1${'0'.repeat(places)}`)).toFixed());
  if (!Number.isSafeInteger(numerator) || !Number.isSafeInteger(denominator)) {
    throw new PortcullisError(
      'NUMBER_INVALID',
      `grid: tick x step x multiplier is too fine, got ${lotTick.toFixed()}`,
    );
  }
  return { ...grid, lotTick, numerator, denominator };
}

/**
 * Money for a quantity at a price, rounded up: exposure never reads smaller than it is. Both must be 0 or more. A sum
 * beyond the exact range is `Infinity`, so that every limit denies it; NaN stays NaN.
 */
export function notional(grid: Grid, quantity: Lots, price: Ticks): Units {
  const product = quantity * price * grid.numerator;
  if (product <= Number.MAX_SAFE_INTEGER) return divideUp(product, grid.denominator) as Units;
  if (!Number.isFinite(product)) return product as Units;
  const denominator = BigInt(grid.denominator);
  const exact = BigInt(quantity) * BigInt(price) * BigInt(grid.numerator);
  return units(safeInteger((exact + denominator - 1n) / denominator, Infinity));
}

/** As `notional`, rounded down. */
export function notionalDown(grid: Grid, quantity: Lots, price: Ticks): Units {
  const product = quantity * price * grid.numerator;
  if (product <= Number.MAX_SAFE_INTEGER) return divideDown(product, grid.denominator) as Units;
  if (!Number.isFinite(product)) return product as Units;
  return units(
    safeInteger(
      (BigInt(quantity) * BigInt(price) * BigInt(grid.numerator)) / BigInt(grid.denominator),
      Infinity,
    ),
  );
}

/** The value of a position, long or short, rounded down (towards minus infinity: never in the trader's favour). */
export const positionValue = (grid: Grid, position: Lots, price: Ticks): Units =>
  position >= 0 ? notionalDown(grid, position, price) : neg(notional(grid, neg(position), price));

/** The largest quantity whose `notional` at `price` fits into `room`; 0 without room or without a price. */
export function fit(grid: Grid, room: Units, price: Ticks): Lots {
  if (!(room > 0) || !(price > 0 && price < Infinity)) return 0 as Lots;
  if (room === Infinity) return Number.MAX_SAFE_INTEGER as Lots;
  const per = price * grid.numerator;
  const top = room * grid.denominator;
  if (top <= Number.MAX_SAFE_INTEGER && per <= Number.MAX_SAFE_INTEGER)
    return ((top - (top % per)) / per) as Lots;
  return lots(
    safeInteger(
      (BigInt(room) * BigInt(grid.denominator)) / (BigInt(price) * BigInt(grid.numerator)),
      Number.MAX_SAFE_INTEGER,
    ),
  );
}

/**
 * Money as units, rounded towards minus infinity. Beyond the exact range it is plus or minus `Infinity`.
 */
export function unitsFloor(amount: Decimal): Units {
  const scaled = amount.times(UNITS_PER_ONE);
  const down = scaled.round(0, 0);
  return units(
    safeInteger(
      BigInt((down.gt(scaled) ? down.minus('1') : down).toFixed()),
      amount.lt('0') ? -Infinity : Infinity,
    ),
  );
}

/** As `unitsFloor`, rounded towards plus infinity. */
export const unitsCeil = (amount: Decimal): Units => neg(unitsFloor(amount.neg()));

/** The exact decimal that units stand for. */
export const unitsToDecimal = (amount: Units): Decimal => decimal(BigInt(amount)).div(UNITS_PER_ONE);

/** Exact money for a quantity at a price given as a decimal (a fill may stand between two ticks). */
export const exactMoney = (grid: Grid, quantity: Lots, price: Decimal): Decimal =>
  decimal(BigInt(quantity)).times(grid.step.value).times(grid.multiplier).times(price);

/*
 * Exact for safe integers of 0 or more: the rounded quotient never falls below a whole number that the true one has reached, and
 * where it rounds up to one that the true one has not, the rest is negative. Several times as fast as a remainder.
 */
/** @internal */
export function divideUp(a: number, b: number): number {
  const whole = Math.floor(a / b);
  return a - whole * b > 0 ? whole + 1 : whole;
}

function divideDown(a: number, b: number): number {
  const whole = Math.floor(a / b);
  return a - whole * b < 0 ? whole - 1 : whole;
}

const safeInteger = (exact: bigint, otherwise: number): number => {
  const value = Number(exact);
  return Number.isSafeInteger(value) ? value : otherwise;
};
