import { z } from 'zod';
import { type Clock, SystemClock } from '../core/clock.ts';
import { parseOptions } from '../core/options.ts';
import type { StateStore, StateWrite } from '../storage/index.ts';
import type { BusEvent } from './bus-event.ts';
import type { DeliveryContext, EventHandler } from './event-bus.ts';
import { isDeadLetter } from './dead-letter.ts';
import { type EventMark, claimEvent, markKey } from './idempotent-mark.ts';

const schema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected 1 to 64 lower-case letters, digits and hyphens'),
  ttlMs: z.number().min(1000).default(604_800_000),
  claimMs: z.number().min(100).max(3_600_000).default(5000),
});

export interface IdempotentHandlerOptions {
  /** Whose effects they are: 1 to 64 lower-case letters, digits and hyphens. Most often that of the group. */
  readonly name: string;
  /** Where it stands what has been handled. Best the store that the effects go to. */
  readonly store: StateStore;
  /** How long a handled event is remembered, milliseconds: longer than any event may come again. Default: 7 days. */
  readonly ttlMs?: number;
  /**
   * How long an event stays with a process that has died while it handled it, milliseconds. One that lives renews its claim.
   * Default: 5,000.
   */
  readonly claimMs?: number;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/**
 * @param mark what `setAll` of the same store can write together with the effect: then either both are there, or neither. It is
 * given its `ttlMs` after the handler has returned; where the process dies between, it stays for good.
 */
export type IdempotentHandler<D = unknown> = (
  event: BusEvent<D>,
  delivery: DeliveryContext,
  mark: StateWrite,
) => unknown;

/**
 * Handles each event once, by its source and id, however often it is delivered: the event is claimed in the store before, and
 * marked after the handler has returned. Where another one is at the event, it waits until that one is done or its claim has
 * lapsed, as long as the attempt may take. What the handler throws gives the claim back. A refusal (`deadLetter`) is
 * remembered for the delivery that was refused; the event requeued is handled anew. A store that cannot be reached fails
 * the attempt, before the handler where it can.
 *
 * What remains: a process that dies, a store that fails, between the effect and the mark, and a process that stands still for
 * longer than `claimMs` in its handler. Then the handler runs again. Only an effect in the same store is safe of that, by
 * writing `mark` with it.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function idempotentHandler<D = unknown>(
  handler: IdempotentHandler<D>,
  { store, clock = new SystemClock(), ...options }: IdempotentHandlerOptions,
): EventHandler<D> {
  const { name, ttlMs, claimMs } = parseOptions('idempotentHandler', schema, options);
  return async (event, delivery) => {
    const key = markKey(name, event);
    const claimed = await claimEvent({ store, clock, key, claimMs, delivery });
    if (claimed.kind === 'handled') return claimed.result;
    const { claim } = claimed;
    let result: unknown;
    try {
      result = await handler(event, delivery, { key, value: { state: 'done' } satisfies EventMark });
    } catch (error) {
      await claim.giveBack();
      throw error;
    }
    const { topic, position } = delivery;
    await claim.mark(
      isDeadLetter(result) ? { state: 'refused', reason: result.reason, topic, position } : { state: 'done' },
      ttlMs,
    );
    return result;
  };
}
