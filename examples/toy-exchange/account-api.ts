import { z } from 'zod';
import { type Answer, ok, orderBody, refusal } from './answer.ts';
import { amountText, moneyText, readAmount } from './decimals.ts';
import type { BucketName } from './door.ts';
import type { Exchange } from './exchange.ts';
import type { RequestKind } from './faults.ts';

const decimal = z.string().refine((text) => readAmount(text) !== undefined, 'expected a plain decimal');
const clientIdSchema = z
  .string()
  .regex(/^[A-Z][0-9A-Z]{0,25}$/, 'expected at most 26 of A-Z and 0-9, a letter first');

const place = z.strictObject({
  clientId: clientIdSchema,
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  quantity: decimal,
  price: decimal,
  timeInForce: z.enum(['GTC', 'IOC', 'FOK']).default('GTC'),
  postOnly: z.boolean().default(false),
});
const amend = z.strictObject({ quantity: decimal, price: decimal });
const whole = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const fills = z.strictObject({
  since: whole.default(0),
  /** Number of the fill from which to go on, as `next` said. */
  from: whole.default(0),
  limit: whole.pipe(z.number().min(1).max(500)).default(500),
});

/** A request as it got past the door. */
export interface AccountRequest {
  readonly accountId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  /** Text. */
  readonly body: string;
}

/** One thing that an account can ask. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly kind: RequestKind;
  readonly bucket: BucketName;
  handle(exchange: Exchange, request: AccountRequest): Answer;
}

/** All that an account can ask over REST. Its body is read strictly: what is misspelt is refused, never ignored. */
export const accountRoutes: readonly Route[] = [
  {
    method: 'POST',
    url: '/v1/orders',
    kind: 'place',
    bucket: 'orders',
    handle: (exchange, { accountId, body }) => {
      const read = parse(place, json(body));
      if (!read.ok) return read.answer;
      const outcome = exchange.place(accountId, read.value);
      if (!outcome.ok) return refusal(outcome.code);
      const { orderId, clientId } = outcome.order;
      return ok({ orderId, clientId, status: 'accepted' }, 201);
    },
  },
  {
    method: 'PATCH',
    url: '/v1/orders/by-client-id/:id',
    kind: 'amend',
    bucket: 'orders',
    handle: (exchange, { accountId, params, body }) => {
      const read = parse(amend, json(body));
      if (!read.ok) return read.answer;
      const outcome = exchange.amend(accountId, params['id'] ?? '', read.value);
      return outcome.ok
        ? ok({ ...read.value, clientId: outcome.order.clientId, status: 'amended' })
        : refusal(outcome.code);
    },
  },
  {
    method: 'DELETE',
    url: '/v1/orders/by-client-id/:id',
    kind: 'cancel',
    bucket: 'cancels',
    handle: (exchange, { accountId, params }) => {
      const outcome = exchange.cancel(accountId, params['id'] ?? '');
      return outcome.ok
        ? ok({ clientId: outcome.order.clientId, status: 'cancelling' }, 202)
        : refusal(outcome.code);
    },
  },
  {
    method: 'DELETE',
    url: '/v1/orders',
    kind: 'cancel',
    bucket: 'cancels',
    handle: (exchange, { accountId }) => ok({ cancelled: exchange.cancelAll(accountId) }),
  },
  question('/v1/orders', (exchange, { accountId }) =>
    ok({ orders: exchange.state.openOrders(accountId).map(orderBody) }),
  ),
  question('/v1/orders/by-client-id/:id', (exchange, { accountId, params }) => {
    const order = exchange.state.orderOf(accountId, params['id'] ?? '');
    return order === undefined ? refusal('ORDER_UNKNOWN') : ok(orderBody(order));
  }),
  question('/v1/orders/:id', (exchange, { accountId, params }) => {
    const order = exchange.state.order(params['id'] ?? '');
    return order?.accountId === accountId ? ok(orderBody(order)) : refusal('ORDER_UNKNOWN');
  }),
  question('/v1/fills', (exchange, { accountId, query }) => {
    const read = parse(fills, query);
    if (!read.ok) return read.answer;
    const { since, from, limit } = read.value;
    const all = exchange.state.fills.map((fill, number) => ({ fill, number }));
    const found = all.filter(
      ({ fill, number }) => number >= from && fill.accountId === accountId && fill.atMs >= since,
    );
    const page = found
      .slice(0, limit)
      .map(({ fill: { type: _type, accountId: _id, againstQuote: _quote, ...shown } }) => shown);
    return ok({ fills: page, next: found[limit]?.number ?? null });
  }),
  question('/v1/positions', (exchange, { accountId }) => {
    const open = [...exchange.state.accounts.positions(accountId)].filter(([, quantity]) => quantity !== 0n);
    return ok({ positions: open.map(([symbol, quantity]) => ({ symbol, quantity: amountText(quantity) })) });
  }),
  question('/v1/balances', (exchange, { accountId }) => {
    const held = [...exchange.state.accounts.balances(accountId)];
    return ok({ balances: held.map(([currency, amount]) => ({ currency, amount: moneyText(amount) })) });
  }),
];

function question(url: string, handle: Route['handle']): Route {
  return { method: 'GET', url, kind: 'question', bucket: 'questions', handle };
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly answer: Answer };

function parse<S extends z.ZodType>(schema: S, input: unknown): Read<z.output<S>> {
  const read = schema.safeParse(input);
  if (read.success) return { ok: true, value: read.data };
  return { ok: false, answer: refusal('REQUEST_INVALID', z.prettifyError(read.error)) };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
