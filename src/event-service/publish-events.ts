import type { EventBus, PublishReceipt } from '../events/index.ts';
import { HttpProblem, type ProblemIssue, type Service } from '../service/index.ts';
import { errorOf } from '../service/http/problem.ts';
import { settleWithin } from '../service/settle-within.ts';
import { type Tracing, traceParentOf } from '../telemetry/index.ts';
import { isOfBus, sentenceOf } from './bus-problem.ts';
import type { IncomingEvent } from './event-api.ts';
import { type Publishable, type ReadableEvent, readIncoming } from './incoming-events.ts';

/** What an event became that the bus has or will have. */
export type TakenReceipt = Exclude<PublishReceipt, { readonly outcome: 'dropped' }>;

export interface PublishLimits {
  /** For all events of one request: a bus that is full may make its publishers wait. */
  readonly publishTimeoutMs: number;
  /** Events of all requests that the bus has not answered for yet. */
  readonly maxPublishing: number;
  readonly publishable: Publishable;
}

type Outcome =
  TakenReceipt | { readonly outcome: 'failed'; readonly error: unknown } | 'dropped' | 'not-tried';

/** Publishes what requests bring, with a bound on what is under way for all of them. */
export class EventIntake {
  readonly #limits: PublishLimits;
  readonly #service: Pick<Service, 'clock' | 'log' | 'tracing'>;
  #underWay = 0;

  constructor(limits: PublishLimits, service: Pick<Service, 'clock' | 'log' | 'tracing'>) {
    this.#limits = limits;
    this.#service = service;
  }

  /**
   * Publishes events, none of them when one cannot be read. Those of one key go out one after the other, and none behind one
   * that was not taken: the same request sent again keeps their order.
   *
   * @throws {HttpProblem} 403 and 422 as `readIncoming`, 503 when the bus has not taken all of them in time
   */
  async publish(bus: EventBus, incoming: readonly IncomingEvent[]): Promise<readonly TakenReceipt[]> {
    const { publishTimeoutMs, maxPublishing, publishable } = this.#limits;
    const { clock } = this.#service;
    const events = readIncoming(bus.catalogue, incoming, publishable, new Date(clock.nowMs()).toISOString());
    if (!(this.#underWay + events.length <= maxPublishing))
      throw new HttpProblem(503, `${this.#underWay} events wait for the bus already`);
    const late = new AbortController();
    const published = await settleWithin(clock, publishTimeoutMs, () => this.#all(bus, events, late.signal));
    if (published.kind === 'done') return this.#taken(published.value);
    late.abort();
    if (published.kind === 'failed') throw published.error;
    throw new HttpProblem(503, `the bus has not taken all of it within ${publishTimeoutMs} ms`);
  }

  /** @param signal aborts when nobody waits any more: what has not been tried by then is not */
  async #all(
    bus: EventBus,
    events: readonly ReadableEvent[],
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const outcomes = events.map((): Outcome => 'not-tried');
    const lanes = Map.groupBy(events.keys(), (at) => events[at]?.lane);
    const run = async (places: readonly number[]): Promise<void> => {
      let left = places.length;
      try {
        for (const at of places) {
          const event = events[at];
          if (signal.aborted || event === undefined) return;
          outcomes[at] = await publish(bus, event, this.#service.tracing);
          if (!isTaken(outcomes[at])) return;
          left -= 1;
          this.#underWay -= 1;
        }
      } finally {
        this.#underWay -= left;
      }
    };
    this.#underWay += events.length;
    await Promise.all([...lanes.values()].map(run));
    return outcomes;
  }

  #taken(outcomes: readonly Outcome[]): readonly TakenReceipt[] {
    const taken = outcomes.filter(isTaken);
    if (taken.length === outcomes.length) return taken;
    const errors = outcomes.flatMap((one) =>
      typeof one === 'object' && one.outcome === 'failed' ? [one.error] : [],
    );
    // Anything else is a fault of this process, and for its log.
    const fault = errors.find((error) => !isOfBus(error));
    if (fault !== undefined) throw errorOf(fault);
    const [err] = errors;
    this.#service.log.warn({ err, events: outcomes.length, taken: taken.length }, 'events not published');
    const issues = outcomes.flatMap((one, at): ProblemIssue[] =>
      isTaken(one) ? [] : [{ at: `body/${at}`, message: whyNot(one) }],
    );
    throw new HttpProblem(503, 'the bus has not taken all of it', { issues });
  }
}

async function publish(bus: EventBus, { type, event }: ReadableEvent, tracing: Tracing): Promise<Outcome> {
  const { id, source, time, subject, partitionkey: key, correlationid: correlationId } = event;
  const go = () =>
    bus.publish(type, event.data, { id, source, atMs: Date.parse(time), subject, key, correlationId });
  try {
    const receipt = await (event.traceparent === undefined
      ? go()
      : tracing.span(`publish ${type.topic}`, { kind: 'producer', parent: parentOf(event) }, go));
    return receipt.outcome === 'dropped' ? 'dropped' : receipt;
  } catch (error) {
    return { outcome: 'failed', error };
  }
}

const parentOf = ({ traceparent, tracestate }: ReadableEvent['event']) =>
  traceParentOf({
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
  });

const isTaken = (outcome: Outcome | undefined): outcome is TakenReceipt =>
  typeof outcome === 'object' && outcome.outcome !== 'failed';

function whyNot(outcome: Exclude<Outcome, TakenReceipt>): string {
  if (outcome === 'dropped') return 'given up: the bus is full';
  if (outcome === 'not-tried') return 'not tried: one of its key before it was not taken';
  return sentenceOf(outcome.error);
}
