import { type DecimalInput, decimal, decimalText } from '../core/decimal.ts';

export type Side = 'buy' | 'sell';

/** Good till cancelled; immediate or cancel; fill or kill. */
export type TimeInForce = 'GTC' | 'IOC' | 'FOK';

export const TIMES_IN_FORCE: readonly TimeInForce[] = ['GTC', 'IOC', 'FOK'];

/** What a strategy wants. Nothing in it is trusted yet. */
export interface OrderIntent {
  /** Chosen by the strategy, unique within it for ever: repeating it is the same order, never a second one. */
  readonly intentId: string;
  readonly accountId: string;
  readonly strategyId: string;
  readonly instrumentId: string;
  readonly side: Side;
  /** Rounded towards zero to the step. */
  readonly quantity: DecimalInput;
  /** Trim the order to what reduces the position. */
  readonly reduceOnly?: boolean;
  readonly price: OrderPrice;
}

export type OrderPrice =
  | {
      readonly type: 'limit';
      /** Rounded away from the market to the tick: buys down, sells up. */
      readonly limit: DecimalInput;
      /** Default: true for entries, false for exits and for immediate orders. */
      readonly postOnly?: boolean;
      /** Default GTC. */
      readonly timeInForce?: TimeInForce;
    }
  | {
      /** Sent as an immediate limit order at its worst price. */
      readonly type: 'market';
      /** How far from the far touch it may trade, 0 to 10,000. */
      readonly maxSlippageBps: number;
    };

/**
 * A copy that neither a later change of the original nor a getter in it can reach, of the fields above and no other.
 * Decimals become plain text; what is none stays as it is, to be refused by name.
 */
export function copyIntent(intent: OrderIntent): OrderIntent {
  const { intentId, accountId, strategyId, instrumentId, side, quantity, reduceOnly, price } = intent;
  const copy: Draft<OrderIntent> = {
    intentId,
    accountId,
    strategyId,
    instrumentId,
    side,
    quantity: plain(quantity),
    price: copyPrice(price),
  };
  if (reduceOnly !== undefined) copy.reduceOnly = reduceOnly;
  return copy;
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

function copyPrice(price: OrderPrice): OrderPrice {
  // An intent may come from outside, whatever its type says.
  const asked = (price as OrderPrice | null | undefined) ?? ({} as OrderPrice);
  if (asked.type !== 'limit') {
    const { type, maxSlippageBps } = asked;
    return { type, maxSlippageBps };
  }
  const { limit, postOnly, timeInForce } = asked;
  const copy: Draft<OrderPrice & { type: 'limit' }> = { type: 'limit', limit: plain(limit) };
  if (postOnly !== undefined) copy.postOnly = postOnly;
  if (timeInForce !== undefined) copy.timeInForce = timeInForce;
  return copy;
}

const plain = (amount: DecimalInput): DecimalInput =>
  typeof amount === 'string' ? amount : (decimalText(amount) ?? amount);

/** Whether two intents ask for the same. Decimals are compared by value: "1.0" is "1.00". */
export function sameIntent(a: OrderIntent, b: OrderIntent): boolean {
  return (
    a.instrumentId === b.instrumentId &&
    a.accountId === b.accountId &&
    a.strategyId === b.strategyId &&
    a.side === b.side &&
    (a.reduceOnly ?? false) === (b.reduceOnly ?? false) &&
    sameDecimal(a.quantity, b.quantity) &&
    samePrice(a.price, b.price)
  );
}

function samePrice(a: OrderPrice, b: OrderPrice): boolean {
  if (a.type === 'market') return b.type === 'market' && a.maxSlippageBps === b.maxSlippageBps;
  return (
    b.type === 'limit' &&
    a.postOnly === b.postOnly &&
    (a.timeInForce ?? 'GTC') === (b.timeInForce ?? 'GTC') &&
    sameDecimal(a.limit, b.limit)
  );
}

const sameDecimal = (a: DecimalInput, b: DecimalInput): boolean => {
  const [x, y] = [decimalText(a), decimalText(b)];
  return x !== undefined && y !== undefined && (x === y || decimal(x).eq(decimal(y)));
};
