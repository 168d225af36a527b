import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { decimalText } from '../../core/decimal.ts';
import { parseInput } from '../../core/options.ts';
import type { BookReader } from '../../trading/book.ts';
import { type Answer, answerInTime } from '../answer-in-time.ts';
import type {
  VenueBalance,
  VenueDriver,
  VenueFill,
  VenueOrderReport,
  VenuePosition,
} from './venue-driver.ts';

const text = z.string();
const plain = text.refine((value) => decimalText(value) !== undefined, 'expected a plain decimal');
const positive = plain.refine((value) => !value.startsWith('-'), 'expected 0 or more');
const side = z.enum(['buy', 'sell']);

const orderSchema = z.object({
  clientOrderId: text.exactOptional(),
  venueOrderId: text.exactOptional(),
  accountId: text,
  instrumentId: text,
  side,
  quantity: positive,
  price: positive,
  cumulative: positive,
  state: z.enum(['working', 'filled', 'cancelled', 'expired', 'rejected']),
  reason: text.exactOptional(),
});
const fillSchema = z.object({
  clientOrderId: text.exactOptional(),
  accountId: text,
  instrumentId: text,
  side,
  executionId: text.min(1),
  quantity: positive,
  price: positive,
  fee: z.object({ amount: plain, currency: text }),
  liquidity: z.enum(['maker', 'taker']),
  atMs: z.number(),
});
const ordersSchema = z.array(orderSchema);
const fillsSchema = z.array(fillSchema);
const positionsSchema = z.array(z.object({ accountId: text, instrumentId: text, quantity: plain }));
const balancesSchema = z.array(z.object({ accountId: text, currency: text, amount: plain }));

/** The questions that a driver answers. */
export type VenueAnswers = Pick<VenueDriver, 'lookup' | 'openOrders' | 'fills' | 'positions' | 'balances'>;

/** Only the questions of a driver. */
export const answersOf = (driver: VenueDriver): VenueAnswers => ({
  lookup: (clientOrderId, signal) => driver.lookup(clientOrderId, signal),
  openOrders: (signal) => driver.openOrders(signal),
  fills: (sinceMs, signal) => driver.fills(sinceMs, signal),
  positions: (signal) => driver.positions(signal),
  balances: (signal) => driver.balances(signal),
});

export interface VenueQuestionsDeps {
  readonly answers: VenueAnswers;
  readonly clock: Pick<Clock, 'deadline'>;
  readonly venueTimeoutMs: number;
  /** Whose rows are read: what a venue lists of accounts of others is not ours to judge, sensible or not. */
  readonly book: Pick<BookReader, 'account'>;
}

/** Asks the venue, in time. An answer that makes no sense of an account of ours is no answer. */
export class VenueQuestions {
  readonly #deps: VenueQuestionsDeps;

  constructor(deps: VenueQuestionsDeps) {
    this.#deps = deps;
  }

  lookup(clientOrderId: string): Promise<Answer<VenueOrderReport | undefined>> {
    return this.#ask('lookup', orderSchema.optional(), (venue, signal) =>
      venue.lookup(clientOrderId, signal),
    );
  }

  openOrders(): Promise<Answer<readonly VenueOrderReport[]>> {
    return this.#list('openOrders', ordersSchema, (venue, signal) => venue.openOrders(signal));
  }

  fills(sinceMs: number): Promise<Answer<readonly VenueFill[]>> {
    return this.#list('fills', fillsSchema, (venue, signal) => venue.fills(sinceMs, signal));
  }

  positions(): Promise<Answer<readonly VenuePosition[]>> {
    return this.#list('positions', positionsSchema, (venue, signal) => venue.positions(signal));
  }

  balances(): Promise<Answer<readonly VenueBalance[]>> {
    return this.#list('balances', balancesSchema, (venue, signal) => venue.balances(signal));
  }

  #list<T extends z.ZodType>(
    what: string,
    schema: T,
    ask: (venue: VenueAnswers, signal: AbortSignal) => Promise<unknown>,
  ): Promise<Answer<z.output<T>>> {
    return this.#ask(what, schema, async (venue, signal) => this.#ours(await ask(venue, signal)));
  }

  /** Without the rows of accounts that the Book does not have. */
  #ours(answer: unknown): unknown {
    if (!Array.isArray(answer)) return answer;
    const { book } = this.#deps;
    return answer.filter((row: unknown) => {
      const { accountId } = (row ?? {}) as { accountId?: unknown };
      return typeof accountId !== 'string' || book.account(accountId) !== undefined;
    });
  }

  #ask<T extends z.ZodType>(
    what: string,
    schema: T,
    ask: (venue: VenueAnswers, signal: AbortSignal) => Promise<unknown>,
  ): Promise<Answer<z.output<T>>> {
    const { answers, clock, venueTimeoutMs } = this.#deps;
    return answerInTime(clock, venueTimeoutMs, async (signal) => {
      const answer = await ask(answers, signal);
      return parseInput(`venue: ${what}`, schema, answer);
    });
  }
}
