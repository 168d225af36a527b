import { defineInstrument } from 'portcullis/trading';
import type { ExchangeConfigInput } from '../../../examples/toy-exchange/config.ts';

/** What the trader trades, under the names that it and the exchange have for it. */
export const ACCOUNT = { accountId: 'main', key: 'key-of-main', secret: 'secret-of-main' } as const;
export const BALANCE = '1000000';
export const VENUE = 'toy';
export const SYMBOLS = { 'BTC-USDT': 'BTCUSDT', 'ETH-USDT': 'ETHUSDT' } as const;

const BTC = { base: 'BTC', quote: 'USDT', tick: '0.01', step: '0.0001', minQuantity: '0.0001' } as const;
const ETH = { base: 'ETH', quote: 'USDT', tick: '0.01', step: '0.001', minQuantity: '0.001' } as const;

export const instruments = [
  defineInstrument({ instrumentId: 'BTC-USDT', minNotional: '10', ...BTC }),
  defineInstrument({ instrumentId: 'ETH-USDT', minNotional: '10', ...ETH }),
];

const plenty = { burst: 5_000, perSecond: 5_000 };

export const exchangeConfig: ExchangeConfigInput = {
  instruments: [
    { symbol: 'BTCUSDT', minNotional: '10', startPrice: '50000', ...BTC },
    { symbol: 'ETHUSDT', minNotional: '10', startPrice: '3000', ...ETH },
  ],
  accounts: [{ ...ACCOUNT, balances: { USDT: BALANCE } }],
  limits: { orders: plenty, cancels: plenty, questions: plenty },
};

/** Small, so that they bind. */
export const LIMITS = {
  maxDailyLoss: '100000',
  maxDrawdownFraction: 0.5,
  maxPositions: 5,
  maxPositionNotional: '5000',
  maxTotalExposure: '8000',
  maxClusterExposure: '8000',
} as const;
