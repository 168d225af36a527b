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
