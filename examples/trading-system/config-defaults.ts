/** What is traded unless a configuration says otherwise. */
export const INSTRUMENTS = [
  { base: 'BTC', tick: '0.01', step: '0.0001', startPrice: '50000', dailyVolatilityFraction: 0.03 },
  { base: 'ETH', tick: '0.01', step: '0.001', startPrice: '2500', dailyVolatilityFraction: 0.035 },
  { base: 'SOL', tick: '0.001', step: '0.01', startPrice: '100', dailyVolatilityFraction: 0.045 },
  { base: 'LTC', tick: '0.001', step: '0.01', startPrice: '80', dailyVolatilityFraction: 0.04 },
].map(({ base, ...terms }) => ({
  ...{ instrumentId: `${base}-USD`, base, quote: 'USD', minNotional: '10' },
  ...terms,
}));

export const STRATEGIES = [
  { kind: 'band-reversion' as const, instruments: ['BTC-USD', 'ETH-USD', 'SOL-USD'] },
  { kind: 'channel-breakout' as const, instruments: ['SOL-USD', 'LTC-USD'] },
];

/** Quotes on the bus are the best of either side and no more, so what is traded and the depth behind them is not judged. */
export const LIMITS = {
  risk: {
    maxDailyLoss: '6000',
    maxDrawdownFraction: 0.075,
    maxPositions: 8,
    maxPositionNotional: '20000',
    maxTotalExposure: '60000',
    maxClusterExposure: '60000',
    maxDataAgeMs: 5_000,
  },
  execution: {
    spreadBps: { entry: 25 },
    volumeFraction: { entry: 'none' as const },
    depth: { multiple: { entry: 'none' as const } },
  },
};
