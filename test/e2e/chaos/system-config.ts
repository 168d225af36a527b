import type { SystemConfigInput } from '../../../examples/trading-system/config.ts';
import { INSTRUMENTS } from '../../../examples/trading-system/config-defaults.ts';
import type { ExchangeConfigInput } from '../../../examples/toy-exchange/config.ts';

export const ACCOUNT = 'main';
const CURRENCY = 'USD';
export const BALANCE = '100000';
/** Keys of the shared state and the bus: of this run, so that no stray process which looks for an old server meets them. */
export const PREFIX = `chaos-${process.pid}`;

/** Who sends orders, and who may release a kill switch. */
export const TOKENS = { client: 'chaos-client-token-0001', person: 'chaos-person-token-0001' };

const CREDENTIALS = { key: 'chaos', secret: 'secret-of-the-chaos-account' };

/** Names at the exchange, and what an order of the client is for: about 100 USD. */
export const TRADED = INSTRUMENTS.map(({ instrumentId, tick }, at) => ({
  instrumentId,
  symbol: instrumentId.replace('-', ''),
  places: tick.length - 2,
  quantity: ['0.002', '0.04', '1', '1.25'][at] ?? '1',
}));
export const SYMBOLS: Readonly<Record<string, string>> = Object.fromEntries(
  TRADED.map(({ instrumentId, symbol }) => [instrumentId, symbol]),
);

export const EXCHANGE: ExchangeConfigInput = {
  instruments: INSTRUMENTS.map(({ instrumentId, base, quote, tick, step, minNotional, startPrice }) => ({
    symbol: instrumentId.replace('-', ''),
    ...{ base, quote, tick, step, minQuantity: step, minNotional, startPrice },
  })),
  accounts: [{ accountId: ACCOUNT, ...CREDENTIALS, balances: { [CURRENCY]: BALANCE }, funding: 'cash' }],
};

/** Bars that close quickly, strategies with many opinions, and a lease that a busy machine does not lose by itself. */
export const systemConfig = (exchangeUrl: string): SystemConfigInput => ({
  account: { accountId: ACCOUNT, currency: CURRENCY, balance: BALANCE },
  venue: { kind: 'exchange', url: exchangeUrl, ...CREDENTIALS },
  /** The cluster puts in the URL. */
  redis: { url: 'redis://127.0.0.1', prefix: PREFIX },
  logLevel: 'warn',
  barMs: 400,
  lease: { ttlMs: 5_000, renewEveryMs: 1_000, pollMs: 200 },
  strategies: [
    {
      ...{ kind: 'channel-breakout', channelBars: 2, signalTtlMs: 60_000 },
      instruments: ['BTC-USD', 'ETH-USD', 'SOL-USD', 'LTC-USD'],
    },
  ],
  tokens: [
    { token: TOKENS.client, id: 'chaos-client', kind: 'system' },
    { token: TOKENS.person, id: 'chaos-operator', kind: 'person' },
  ],
});
