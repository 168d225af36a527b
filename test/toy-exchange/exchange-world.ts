import { type ExchangeConfigInput, configSchema } from '../../examples/toy-exchange/config.ts';
import type { LogLine } from '../../examples/toy-exchange/exchange-log.ts';
import type { PlaceRequest } from '../../examples/toy-exchange/exchange-rules.ts';
import { Exchange } from '../../examples/toy-exchange/exchange.ts';
import type { Fact } from '../../examples/toy-exchange/facts.ts';

const GOLD = {
  symbol: 'GOLD',
  base: 'XAU',
  quote: 'USDT',
  tick: '1',
  step: '1',
  minQuantity: '1',
  startPrice: '100',
  makerFeeRate: '0',
  takerFeeRate: '0',
};

export const configOf = (
  listing: Partial<typeof GOLD> & { minNotional?: string } = {},
  funding: 'cash' | 'margin' = 'margin',
) =>
  configSchema.parse({
    instruments: [{ ...GOLD, ...listing }],
    accounts: ['a', 'b'].map((accountId) => ({
      accountId,
      key: `key-${accountId}`,
      secret: `secret-of-${accountId}`,
      balances: { USDT: '1000' },
      funding,
    })),
  } satisfies ExchangeConfigInput);

/** An exchange whose log is a list. */
export function exchangeOf(config = configOf(), before: readonly LogLine[] = []) {
  const lines: LogLine[] = [...before];
  const log = { append: (line: Omit<LogLine, 'n'>) => void lines.push({ n: lines.length + 1, ...line }) };
  const exchange = new Exchange(config, { log, lines: before, nowMs: () => 1_000 });
  const facts = (): Fact[] => lines.flatMap((line) => line.facts);
  return {
    exchange,
    lines,
    facts,
    /** Fills as `client liquidity quantity@price`. */
    fills: () =>
      facts().flatMap((fact) =>
        fact.type === 'filled' ? [`${fact.clientId} ${fact.liquidity} ${fact.quantity}@${fact.price}`] : [],
      ),
    /** What rests on a side, as `quantity@price`, best first. */
    rests: (side: 'buy' | 'sell') =>
      exchange.state
        .book('GOLD')
        .side(side)
        .map(({ leaves, price }) => `${leaves / 10n ** 12n}@${price / 10n ** 12n}`),
  };
}

/** A limit order to buy 10 GOLD at 100. */
export const requestOf = (clientId: string, overrides: Partial<PlaceRequest> = {}): PlaceRequest => ({
  clientId,
  symbol: 'GOLD',
  side: 'buy',
  quantity: '10',
  price: '100',
  timeInForce: 'GTC',
  postOnly: false,
  ...overrides,
});
