/**
 * Indicators that give the same values bar by bar and over a whole column: {@link Ema}, {@link Rsi},
 * {@link BollingerBands}, {@link Atr}. Until an indicator is warm its answer is NaN.
 *
 * @packageDocumentation
 */
export { type Indicator } from './indicator.ts';
export { Ema, ema, type EmaOptions } from './ema.ts';
export { Rsi, rsi, type RsiOptions } from './rsi.ts';
export {
  type BandColumns,
  type Bands,
  BollingerBands,
  bollingerBands,
  type BollingerOptions,
} from './bollinger-bands.ts';
export { Atr, atr, type AtrOptions } from './atr.ts';
