import type { Clock } from 'portcullis/core';
import { type MarketFeed, PacedReplay, feedOf } from 'portcullis/market-data';
import { SimulatedMarkets } from 'portcullis/simulation';
import { type SystemConfig, instrumentsOf } from '../config.ts';

const DAYS = 365;
/** What stands at a level, and what one trade takes, in the quote currency. */
const LEVEL_NOTIONAL = 100_000;
const TRADE_NOTIONAL = 15_000;

/** The instruments of the configuration on a market that exists nowhere, at the pace of the clock. */
export function simulatedFeed(
  config: Pick<SystemConfig, 'instruments'>,
  { seed, stepMs }: { readonly seed: number; readonly stepMs: number },
  clock: Clock,
): MarketFeed {
  const market = new SimulatedMarkets(
    {
      seed,
      stepMs,
      days: DAYS,
      startMs: Math.floor(clock.nowMs()),
      crash: 'none',
      instruments: config.instruments.map(({ instrumentId, startPrice, step, dailyVolatilityFraction }) => ({
        ...{ instrumentId, startPrice, dailyVolatilityFraction },
        levelQuantity: sized(LEVEL_NOTIONAL, startPrice, step),
        tradeQuantity: sized(TRADE_NOTIONAL, startPrice, step),
        tradesPerStep: 1,
      })),
    },
    { instruments: instrumentsOf(config) },
  );
  return new PacedReplay({}, { clock, source: feedOf('simulation', market) });
}

/** A quantity on the grid of about that worth: a rough one will do for a market that is made up. */
function sized(notional: number, price: string, step: string): string {
  const places = step.split('.')[1]?.length ?? 0;
  const steps = Math.max(1, Math.round(notional / Number(price) / Number(step)));
  return (steps * Number(step)).toFixed(places);
}
