import { z } from 'zod';
import { readAmount } from './decimals.ts';

const id = z.string().min(1);
const decimal = z.string().refine((text) => readAmount(text) !== undefined, 'expected a plain decimal');
const signed = z.string().regex(/^-?\d+(?:\.\d{1,24})?$/, 'expected plain money');
const level = z.tuple([decimal, decimal]);

const about = { accountId: id, orderId: id, clientId: id };
const terms = {
  symbol: id,
  side: z.enum(['buy', 'sell']),
  quantity: decimal,
  price: decimal,
  timeInForce: z.enum(['GTC', 'IOC', 'FOK']),
  postOnly: z.boolean(),
};

/** What happened at the exchange. Its state is nothing but the facts applied in order. */
export const factSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('deposited'), accountId: id, currency: id, amount: decimal }),
  /** The order is in the book, or about to trade. */
  z.strictObject({ type: z.literal('accepted'), ...about, ...terms }),
  /** The order was looked at and turned down; its id is spent. */
  z.strictObject({ type: z.literal('rejected'), ...about, ...terms, reason: id }),
  /** A request that changed nothing: at the door, or about an order that cannot be changed. */
  z.strictObject({
    type: z.literal('refused'),
    op: id,
    code: id,
    accountId: id.optional(),
    clientId: id.optional(),
  }),
  /** `requeued`: it lost its place in the queue. */
  z.strictObject({
    type: z.literal('amended'),
    ...about,
    quantity: decimal,
    price: decimal,
    requeued: z.boolean(),
  }),
  z.strictObject({
    type: z.literal('filled'),
    ...about,
    /** Both sides of a trade share it. */
    executionId: id,
    symbol: id,
    side: z.enum(['buy', 'sell']),
    quantity: decimal,
    price: decimal,
    fee: signed,
    feeCurrency: id,
    liquidity: z.enum(['maker', 'taker']),
    cumulative: decimal,
    atMs: z.number(),
    /** Whether the other side is a quote of the market maker, which shrinks by it. */
    againstQuote: z.boolean(),
  }),
  z.strictObject({
    type: z.literal('cancelled'),
    ...about,
    cumulative: decimal,
    why: z.enum(['asked', 'disconnect']),
  }),
  /** What an immediate order could not fill. */
  z.strictObject({ type: z.literal('expired'), ...about, cumulative: decimal }),
  /** What the market maker shows from now on; it replaces all that it showed before. */
  z.strictObject({
    type: z.literal('quoted'),
    symbol: id,
    bids: z.array(level),
    asks: z.array(level),
    /** Where the random walk stands. */
    walk: z.strictObject({ step: z.number(), mid: decimal }).optional(),
  }),
  /** A private stream: its orders go when it goes, if it asked for that. */
  z.strictObject({
    type: z.literal('session'),
    accountId: id,
    session: id,
    state: z.enum(['opened', 'closed']),
    cancelOnDisconnect: z.boolean(),
  }),
]);

export type Fact = z.output<typeof factSchema>;
export type FactOf<T extends Fact['type']> = Extract<Fact, { type: T }>;
