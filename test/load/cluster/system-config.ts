import type { ExchangeConfigInput } from '../../../examples/toy-exchange/config.ts';
import type { SystemConfigInput } from '../../../examples/trading-system/config.ts';

/** Who sends orders, and who may release the kill switch. */
export const TOKENS = { system: 'load-generator-0001', person: 'load-operator-00001' };

const ACCOUNT = 'main';
const CREDENTIALS = { key: 'load', secret: 'secret-of-the-load' };
const MONEY = '1000000000';
/** So much that no limit is what is measured; each of them is looked at for each order. */
const PLENTY = '100000000';

export const QUANTITY = '0.1';

const idsOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `T${String(at).padStart(3, '0')}-USD`);

const symbolOf = (instrumentId: string): string => instrumentId.replace('-', '');

export const instrumentIds = idsOf;

/** An exchange that refuses nothing for its rate. */
export const exchangeConfig = (instruments: number): ExchangeConfigInput => ({
  instruments: idsOf(instruments).map((instrumentId) => ({
    symbol: symbolOf(instrumentId),
    ...{ base: instrumentId.slice(0, 4), quote: 'USD', tick: '0.01', step: '0.01' },
    ...{ minQuantity: '0.01', minNotional: '1', startPrice: '100' },
  })),
  accounts: [{ accountId: ACCOUNT, ...CREDENTIALS, balances: { USD: MONEY }, funding: 'margin' }],
  limits: {
    orders: { burst: 100_000, perSecond: 100_000 },
    cancels: { burst: 100_000, perSecond: 100_000 },
    questions: { burst: 100_000, perSecond: 100_000 },
  },
});

export interface SystemShape {
  readonly instruments: number;
  readonly venue: 'exchange' | 'paper';
  readonly exchangeUrl: string;
  readonly dataDir: string;
  readonly redisUrl: string;
  readonly postgresUrl: string | undefined;
  readonly logLevel: 'info' | 'warn';
  readonly lease: NonNullable<SystemConfigInput['lease']>;
}

/** All instruments are followed by a strategy that seldom has an opinion, so that every service has its work. */
export function systemConfig(shape: SystemShape): SystemConfigInput {
  const { instruments, venue, exchangeUrl, postgresUrl, dataDir, redisUrl, logLevel, lease } = shape;
  const ids = idsOf(instruments);
  return {
    ...{ basePort: 0, logLevel, dataDir, lease },
    redis: { url: redisUrl },
    ...(postgresUrl !== undefined && { postgres: { url: postgresUrl } }),
    instruments: ids.map((instrumentId) => ({
      ...{ instrumentId, base: instrumentId.slice(0, 4), quote: 'USD', tick: '0.01', step: '0.01' },
      ...{ minNotional: '1', startPrice: '100', clipNotional: '20' },
    })),
    account: { accountId: ACCOUNT, currency: 'USD', balance: MONEY },
    strategies: [{ kind: 'band-reversion', instruments: [...ids], periodBars: 60, deviations: 3 }],
    market: { kind: 'exchange', url: exchangeUrl },
    venue:
      venue === 'paper'
        ? { kind: 'paper', latencyMs: 0 }
        : { kind: 'exchange', url: exchangeUrl, ...CREDENTIALS },
    limits: {
      risk: {
        maxDailyLoss: PLENTY,
        maxDrawdownFraction: 0.5,
        maxPositions: 1_000,
        maxPositionNotional: PLENTY,
        maxTotalExposure: PLENTY,
        maxClusterExposure: PLENTY,
        maxDataAgeMs: 5_000,
      },
      execution: {
        volumeFraction: { entry: 'none' },
        depth: { multiple: { entry: 'none' } },
      },
    },
    tokens: [
      { token: TOKENS.system, id: 'load-generator', kind: 'system' },
      { token: TOKENS.person, id: 'load-operator', kind: 'person' },
    ],
  };
}
