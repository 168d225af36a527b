import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import type { BusEvent, EventBus, EventCatalogue, EventType, PublishReceipt } from '../events/index.ts';
import { HttpProblem, type ProblemIssue } from '../service/index.ts';
import { settleWithin } from '../service/settle-within.ts';
import { type Tracing, traceParentOf } from '../telemetry/index.ts';
import type { IncomingEvent } from './event-api.ts';

/** What an event became that the bus has or will have. */
export type TakenReceipt = Exclude<PublishReceipt, { readonly outcome: 'dropped' }>;

interface Readable {
  readonly type: EventType;
  readonly event: BusEvent;
}

/**
 * Publishes events in order, all or, when one of them cannot be read, none.
 *
 * @param timeoutMs for all of them together: a bus that is full may make its publishers wait
 * @throws {HttpProblem} 422 for events that the catalogue does not take, 503 when the bus has not taken all of them in time
 */
export async function publishEvents(
  bus: EventBus,
  incoming: readonly IncomingEvent[],
  timeoutMs: number,
  { clock, tracing }: { readonly clock: Clock; readonly tracing: Tracing },
): Promise<readonly TakenReceipt[]> {
  const events = readAll(bus.catalogue, incoming, new Date(clock.nowMs()).toISOString());
  const published = await settleWithin(clock, timeoutMs, () =>
    Promise.allSettled(events.map((each) => publish(bus, each, tracing))),
  );
  if (published.kind !== 'done')
    throw new HttpProblem(503, `the bus has not taken all of it within ${timeoutMs} ms`);
  const taken: TakenReceipt[] = [];
  const issues: ProblemIssue[] = [];
  for (const [at, result] of published.value.entries()) {
    const outcome = outcomeOf(result);
    if (typeof outcome === 'string') issues.push({ at: `body/${at}`, message: outcome });
    else taken.push(outcome);
  }
  if (issues.length === 0) return taken;
  throw new HttpProblem(503, 'the bus has not taken all of it', { issues });
}

const publish = (bus: EventBus, { type, event }: Readable, tracing: Tracing): Promise<PublishReceipt> => {
  const { id, source, time, subject, partitionkey: key, correlationid: correlationId } = event;
  const go = () =>
    bus.publish(type, event.data, { id, source, atMs: Date.parse(time), subject, key, correlationId });
  if (event.traceparent === undefined) return go();
  const { traceparent, tracestate } = event;
  const parent = traceParentOf({ traceparent, ...(tracestate !== undefined && { tracestate }) });
  return tracing.span(`publish ${type.topic}`, { kind: 'producer', parent }, go);
};

function readAll(
  catalogue: EventCatalogue,
  incoming: readonly IncomingEvent[],
  now: string,
): readonly Readable[] {
  const issues: ProblemIssue[] = [];
  const events: Readable[] = [];
  for (const [at, one] of incoming.entries()) {
    const read = catalogue.read(JSON.stringify({ ...one, time: one.time ?? now }));
    const type = catalogue.get(one.type);
    if (read.kind === 'event' && type !== undefined) events.push({ type, event: read.event });
    else issues.push(flawOf(at, one, read.kind === 'flaw' ? read : undefined, catalogue));
  }
  if (issues.length === 0) return events;
  throw new HttpProblem(422, 'the catalogue of the bus does not take it', { issues });
}

/** Says what would have been taken. */
function flawOf(
  at: number,
  { type, dataversion = 1 }: IncomingEvent,
  flaw: { readonly reason: string; readonly detail: string } | undefined,
  catalogue: EventCatalogue,
): ProblemIssue {
  const known = catalogue.get(type);
  if (known === undefined) {
    const names = catalogue.types.map((each) => each.type).join(', ');
    return { at: `body/${at}/type`, message: `unknown type ${type}, expected one of ${names}` };
  }
  if (flaw?.reason === 'UNKNOWN_VERSION') {
    const versions = [...known.previous, known].map(({ version }) => version).join(', ');
    return {
      at: `body/${at}/dataversion`,
      message: `unknown version ${dataversion} of ${type}, expected one of ${versions}`,
    };
  }
  return { at: `body/${at}/data`, message: flaw?.detail ?? 'is not valid' };
}

/** The receipt, or why there is none. */
function outcomeOf(result: PromiseSettledResult<PublishReceipt>): TakenReceipt | string {
  if (result.status === 'fulfilled') {
    const { value } = result;
    return value.outcome === 'dropped' ? 'given up: the bus is full' : value;
  }
  const error: unknown = result.reason;
  // Anything else is a fault of this process, and for its log.
  if (error instanceof PortcullisError && error.code.startsWith('BUS_')) return error.message;
  throw error;
}
