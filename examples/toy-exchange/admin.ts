import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readAmount } from './decimals.ts';
import type { Exchange } from './exchange.ts';
import { type Faults, faultsSchema } from './faults.ts';
import type { MarketMaker } from './market-maker.ts';
import { quotesOf } from './rest.ts';
import type { StreamHub } from './stream-hub.ts';

const decimal = z.string().refine((text) => readAmount(text) !== undefined, 'expected a plain decimal');
const level = z.tuple([decimal, decimal]);
const market = z.union([
  /** The market maker shows exactly this. */
  z.strictObject({ symbol: z.string(), bids: z.array(level), asks: z.array(level) }),
  /** Somebody takes what stands at this price or better. */
  z.strictObject({
    symbol: z.string(),
    trade: z.strictObject({ side: z.enum(['buy', 'sell']), price: decimal, quantity: decimal }),
  }),
  /** The random walk goes on. */
  z.strictObject({ symbol: z.string().optional(), steps: z.int().min(1).max(10_000) }),
]);

export interface AdminDeps {
  readonly exchange: Exchange;
  readonly maker: MarketMaker;
  readonly faults: Faults;
  readonly hub: StreamHub;
}

/** What a test decides: the market and the faults. Unsigned, and therefore for the own machine only. */
export function addAdmin(app: FastifyInstance, { exchange, maker, faults, hub }: AdminDeps): void {
  app.post('/admin/market', (request, reply) => {
    const read = market.safeParse(json(request.body));
    const symbol = read.data?.symbol;
    if (!read.success || (symbol !== undefined && exchange.state.listing(symbol) === undefined)) {
      const message = read.success ? 'expected a listed symbol' : z.prettifyError(read.error);
      return reply.code(400).send({ message });
    }
    const asked = read.data;
    if ('bids' in asked) exchange.quote(asked.symbol, asked.bids, asked.asks);
    else if ('trade' in asked) {
      const { side, price, quantity } = asked.trade;
      exchange.marketTrade(asked.symbol, side, price, quantity);
    } else {
      for (let step = 0; step < asked.steps; step += 1) maker.step(symbol);
    }
    const symbols =
      symbol === undefined ? [...exchange.state.listings].map((listing) => listing.symbol) : [symbol];
    return symbols.map((each) => quotesOf(exchange, each));
  });
  app.post('/admin/faults', (request, reply) => {
    const read = faultsSchema.safeParse(json(request.body));
    if (!read.success) return reply.code(400).send({ message: z.prettifyError(read.error) });
    faults.order(read.data);
    return faults.list();
  });
  app.get('/admin/faults', () => faults.list());
  app.delete('/admin/faults', () => {
    faults.clear();
    return faults.list();
  });
  /** Cuts every stream now. */
  app.post('/admin/cut', () => ({ cut: hub.cut() }));
}

function json(body: unknown): unknown {
  try {
    return JSON.parse(String(body)) as unknown;
  } catch {
    return undefined;
  }
}
