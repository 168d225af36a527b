import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Route, accountRoutes } from './account-api.ts';
import { type Answer, refusal } from './answer.ts';
import { amountText } from './decimals.ts';
import type { Door } from './door.ts';
import type { Exchange } from './exchange.ts';
import type { Faults } from './faults.ts';

export interface RestDeps {
  readonly exchange: Exchange;
  readonly door: Door;
  readonly faults: Faults;
  readonly nowMs: () => number;
  /** One way, for requests and answers. */
  readonly latencyMs: number;
}

/** The REST side: signed requests of accounts, and what anybody may see. */
export function addRest(app: FastifyInstance, deps: RestDeps): void {
  // The signature covers the body byte by byte, so it stays text until it has been checked.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  app.get('/v1/time', () => ({ timeMs: deps.nowMs() }));
  app.get('/v1/quotes/:symbol', (request, reply) => {
    const { symbol } = request.params as { symbol: string };
    if (deps.exchange.state.listing(symbol) !== undefined) return quotesOf(deps.exchange, symbol);
    return reply.code(404).send(refusal('SYMBOL_UNKNOWN').body);
  });
  for (const route of accountRoutes) {
    const { method, url } = route;
    app.route({ method, url, handler: (request, reply) => serve(deps, route, request, reply) });
  }
}

/** The ten best levels of either side, quotes and orders of clients together, by price. */
export function quotesOf({ state }: Exchange, symbol: string) {
  const levels = (side: 'buy' | 'sell'): [string, string][] => {
    const byPrice = new Map<bigint, bigint>();
    for (const { price, leaves } of state.book(symbol).side(side)) {
      byPrice.set(price, (byPrice.get(price) ?? 0n) + leaves);
    }
    return [...byPrice].slice(0, 10).map(([price, leaves]) => [amountText(price), amountText(leaves)]);
  };
  return { symbol, bids: levels('buy'), asks: levels('sell') };
}

/** A request on its way through latency, faults and the door. What has been swallowed is never answered. */
async function serve(
  deps: RestDeps,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { faults, latencyMs } = deps;
  const strikes = (kind: Parameters<Faults['onRequest']>[0]) => faults.onRequest(kind, route.kind);
  const wait = (ms: number | undefined) =>
    ms === undefined || ms === 0 ? undefined : sleep(ms, undefined, { ref: false });
  await wait(latencyMs);
  if (strikes('timeout-before') !== undefined) return reply.hijack();
  if (strikes('error-before') !== undefined) return reply.code(503).send({ code: 'UNAVAILABLE' });
  await wait(strikes('late-request'));
  let answer = admitted(deps, route, request);
  if (strikes('duplicate-request') !== undefined) answer = admitted(deps, route, request);
  if (strikes('timeout-after') !== undefined) return reply.hijack();
  if (strikes('error-after') !== undefined) return reply.code(502).send({ code: 'BAD_GATEWAY' });
  await wait(strikes('late-answer'));
  await wait(latencyMs);
  if (answer.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(answer.retryAfterMs / 1000));
  return reply.code(answer.status).send(answer.body);
}

function admitted({ door, exchange }: RestDeps, route: Route, request: FastifyRequest): Answer {
  const header = (name: string): string => String(request.headers[name] ?? '');
  const body = typeof request.body === 'string' ? request.body : '';
  const signed = {
    timestamp: header('x-timestamp'),
    window: header('x-window'),
    method: route.method,
    path: request.url,
    body,
  };
  const admission = door.admit(header('x-key'), signed, header('x-signature'), route.bucket);
  if (!admission.ok) {
    const { code, accountId, retryAfterMs } = admission;
    exchange.refuseAtDoor(route.kind, code, accountId);
    return { ...refusal(code), ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  const params = request.params as Record<string, string>;
  return route.handle(exchange, { accountId: admission.accountId, params, query: request.query, body });
}
