export type { FeeOptions } from './fees.ts';
export type { MatchEvent, MatchOrder, RejectReason } from './match-event.ts';
export { MatchingEngine } from './matching-engine.ts';
export type { OpenOrder } from './resting-orders.ts';
export type { SimulatedMarketOptions, SimulatedMarketSettings } from './simulated-market-options.ts';
export { SimulatedMarket } from './simulated-market.ts';
