/**
 * Markets that exist nowhere: one instrument from a seed ({@link SimulatedMarket}), several that correlate, with opening
 * hours and disturbances ({@link SimulatedMarkets}), or recorded bars played under a declared model ({@link BarMarket});
 * and the engine that matches orders against any of them or against a recording ({@link MatchingEngine}).
 *
 * @packageDocumentation
 */
export { BarMarket } from './bar-market.ts';
export type { BarMarketOptions, BarMarketSettings } from './bar-market-options.ts';
export type { CorrelationMatrix, CorrelationOptions } from './correlation.ts';
export { type CsvBarsOptions, barsFromCsv } from './csv-bars.ts';
export type { DisturbanceOptions, FeedDisturbanceOptions } from './disturbance.ts';
export {
  DisturbedMarket,
  type DisturbedMarketOptions,
  type DisturbedMarketSettings,
} from './disturbed-market.ts';
export type { FeeOptions } from './fees.ts';
export type { GridBar } from './grid-bar.ts';
export type { AmendRefusal, MatchEvent, MatchOrder, RejectReason } from './match-event.ts';
export { MatchingEngine, type MatchingOptions } from './matching-engine.ts';
export type { OpenOrder } from './resting-orders.ts';
export { SimulatedMarket } from './simulated-market.ts';
export type { SimulatedMarketOptions, SimulatedMarketSettings } from './simulated-market-options.ts';
export { SimulatedMarkets } from './simulated-markets.ts';
export type { SimulatedMarketsOptions, SimulatedMarketsSettings } from './simulated-markets-options.ts';
