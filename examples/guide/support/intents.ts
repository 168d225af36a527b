import type { OrderIntent, OrderOutcome } from 'portcullis';
import { clientOrderId } from 'portcullis/core';

const WHO = { accountId: 'main', strategyId: 'guide', instrumentId: 'BTC-USD' };

/** A limit order for bitcoin. */
export const order = (
  intentId: string,
  side: 'buy' | 'sell',
  quantity: string,
  limit: string,
  rest: Pick<OrderIntent, 'reduceOnly'> = {},
): OrderIntent => ({ intentId, ...WHO, side, quantity, price: { type: 'limit', limit }, ...rest });

/** The id under which the venue knows it. */
export const idOf = (intentId: string): string => clientOrderId(WHO.accountId, WHO.strategyId, intentId);

/** An outcome on one line. */
export function text(outcome: OrderOutcome): string {
  switch (outcome.kind) {
    case 'denied':
      return `denied: ${outcome.denials.map(({ gate, code }) => `${gate} ${code}`).join(', ')}`;
    case 'duplicate':
      return `duplicate of an order that is ${outcome.state}`;
    case 'accepted':
      return `accepted: ${String(outcome.quantity / 1_000)} BTC`;
    default:
      return `${outcome.kind}: ${outcome.reason}`;
  }
}
