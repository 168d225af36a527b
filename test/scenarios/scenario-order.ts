import type { OrderIntent, OrderPrice, Side, TimeInForce } from '../../src/trading/index.ts';
import type { Words } from './scenario-words.ts';

/** `a buy 10 SILVER at 100 reduce-only`, `b sell 5 market 50 account other`: an intent. */
export function orderOf(words: Words): OrderIntent {
  const intentId = words.next('the name of an order');
  const side = words.next('buy or sell') as Side;
  const quantity = words.next('a quantity');
  const bps = words.after('market');
  const limit = words.after('at');
  const timeInForce = (['GTC', 'IOC', 'FOK'] as const).find((word) => words.has(word));
  const reduceOnly = words.has('reduce-only');
  const instrumentId = words.after('instrument') ?? words.instrument() ?? 'GOLD';
  return {
    intentId,
    accountId: words.after('account') ?? 'acc',
    strategyId: words.after('strategy') ?? 'strat',
    instrumentId,
    side,
    quantity,
    ...(reduceOnly && { reduceOnly }),
    price:
      bps === undefined
        ? limitPrice(limit, timeInForce, words)
        : { type: 'market', maxSlippageBps: Number(bps) },
  };
}

function limitPrice(
  limit: string | undefined,
  timeInForce: TimeInForce | undefined,
  words: Words,
): OrderPrice {
  const postOnly = words.has('post-only') ? true : words.has('plain') ? false : undefined;
  return {
    type: 'limit',
    limit: limit ?? '',
    ...(timeInForce !== undefined && { timeInForce }),
    ...(postOnly !== undefined && { postOnly }),
  };
}
