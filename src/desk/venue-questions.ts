import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { decimalText } from '../core/decimal.ts';
import { parseInput } from '../core/options.ts';
import { type Answer, answerInTime } from './answer-in-time.ts';
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

export interface VenueQuestionsDeps {
  readonly answers: VenueAnswers;
  readonly clock: Pick<Clock, 'deadline'>;
  readonly venueTimeoutMs: number;
}

/** Asks the venue, in time. An answer that makes no sense is no answer. */
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
    return this.#ask('openOrders', ordersSchema, (venue, signal) => venue.openOrders(signal));
  }

  fills(sinceMs: number): Promise<Answer<readonly VenueFill[]>> {
    return this.#ask('fills', fillsSchema, (venue, signal) => venue.fills(sinceMs, signal));
  }

  positions(): Promise<Answer<readonly VenuePosition[]>> {
    return this.#ask('positions', positionsSchema, (venue, signal) => venue.positions(signal));
  }

  balances(): Promise<Answer<readonly VenueBalance[]>> {
    return this.#ask('balances', balancesSchema, (venue, signal) => venue.balances(signal));
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
