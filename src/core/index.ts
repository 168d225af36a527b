/**
 * Where everything begins: clocks (a manual one for tests and replays), exact decimals and branded integers, ids, errors
 * with a catalogue, options that are parsed once, and the trading day. Start with {@link Clock} and
 * {@link PortcullisError}.
 *
 * @packageDocumentation
 */
export { type Clock, SystemClock } from './clock.ts';
export { type Decimal, type DecimalInput, ZERO, decimal, decimalText, roundHalfEven } from './decimal.ts';
export { ERROR_CATALOGUE, type ErrorCode, PortcullisError } from './errors.ts';
export { clientOrderId, idSchema, isId } from './ids.ts';
export { type Increment, type Rounding, increment, toGrid, toText } from './increment.ts';
export { ManualClock } from './manual-clock.ts';
export { moneySchema } from './money-schema.ts';
export { parseInput, parseOptions } from './options.ts';
export { type Principal, person, requirePerson, system } from './principal.ts';
export { SeededRandom } from './random.ts';
export { type SigningKeys, type Verifier, newSigningKeys, signText, verifierOf } from './signatures.ts';
export { type DayId, TradingDay, type TradingDayOptions } from './trading-day.ts';
export {
  type Grid,
  type Lots,
  type Ticks,
  type Units,
  abs,
  add,
  createGrid,
  exactMoney,
  fit,
  lots,
  max,
  min,
  neg,
  notional,
  notionalDown,
  positionValue,
  sub,
  ticks,
  units,
  unitsCeil,
  unitsFloor,
  unitsToDecimal,
} from './units.ts';
export type { Ratio } from './ratio.ts';
