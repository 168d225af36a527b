import type { DoorCode } from './door.ts';
import type { RefusalCode } from './exchange-rules.ts';
import type { ExchangeOrder } from './exchange-state.ts';
import { amountText } from './decimals.ts';

/** What goes back over HTTP. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterMs?: number;
}

const STATUS = {
  REQUEST_INVALID: 400,
  SYMBOL_UNKNOWN: 400,
  OFF_GRID: 400,
  BELOW_MINIMUM: 400,
  TIME_IN_FORCE_CONFLICT: 400,
  KEY_UNKNOWN: 401,
  SIGNATURE_WRONG: 401,
  TIMESTAMP_OUT_OF_WINDOW: 401,
  ORDER_UNKNOWN: 404,
  CLIENT_ID_TAKEN: 409,
  ORDER_OVER: 409,
  BELOW_FILLED: 409,
  POST_ONLY_WOULD_CROSS: 422,
  OWN_ORDER_WOULD_MATCH: 422,
  INSUFFICIENT_FUNDS: 422,
  RATE_LIMITED: 429,
} as const satisfies Record<RefusalCode | DoorCode | 'REQUEST_INVALID', number>;

/** A word of the exchange's own: a 4xx with its code. */
export const refusal = (code: keyof typeof STATUS, message: string = code): Answer => ({
  status: STATUS[code],
  body: { code, message },
});

export const ok = (body: unknown, status = 200): Answer => ({ status, body });

/** An order as it is shown to its account. */
export const orderBody = (order: ExchangeOrder) => ({
  orderId: order.orderId,
  clientId: order.clientId,
  symbol: order.symbol,
  side: order.side,
  quantity: amountText(order.quantity),
  price: amountText(order.price),
  filled: amountText(order.filled),
  timeInForce: order.timeInForce,
  postOnly: order.postOnly,
  status: order.state,
  ...(order.reason !== undefined && { reason: order.reason }),
});
