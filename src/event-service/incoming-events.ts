import type { BusEvent, EventCatalogue, EventType } from '../events/index.ts';
import { HttpProblem, type ProblemIssue } from '../service/index.ts';
import type { IncomingEvent } from './event-api.ts';

/** What may be published. Left out: everything. */
export interface Publishable {
  readonly sources?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
}

/** An event as the bus will take it. */
export interface ReadableEvent {
  readonly type: EventType;
  readonly event: BusEvent;
  /** What must stay in order has the same one. */
  readonly lane: string;
}

/**
 * Reads events as the catalogue knows them, all or none.
 *
 * @param now for those that do not say when they happened
 * @throws {HttpProblem} 403 for events that may not be published, 422 for those that the catalogue does not take
 */
export function readIncoming(
  catalogue: EventCatalogue,
  incoming: readonly IncomingEvent[],
  publishable: Publishable,
  now: string,
): readonly ReadableEvent[] {
  const refused = incoming.flatMap((one, at) => refusalsOf(one, at, publishable));
  if (refused.length > 0) throw new HttpProblem(403, 'it may not be published here', { issues: refused });
  const issues: ProblemIssue[] = [];
  const events: ReadableEvent[] = [];
  for (const [at, one] of incoming.entries()) {
    const read = catalogue.read(JSON.stringify({ ...one, time: one.time ?? now }));
    const type = catalogue.get(one.type);
    if (read.kind === 'event' && type !== undefined)
      events.push({ type, event: read.event, lane: laneOf(type, read.event) });
    else issues.push(flawOf(at, one, read.kind === 'flaw' ? read : undefined, catalogue));
  }
  if (issues.length === 0) return events;
  throw new HttpProblem(422, 'the catalogue of the bus does not take it', { issues });
}

const refusalsOf = (
  { source, type }: IncomingEvent,
  at: number,
  { sources, types }: Publishable,
): readonly ProblemIssue[] => [
  ...(isAmong(source, sources) ? [] : [{ at: `body/${at}/source`, message: 'this source is not allowed' }]),
  ...(isAmong(type, types) ? [] : [{ at: `body/${at}/type`, message: 'this type is not allowed' }]),
];

const isAmong = (value: string, allowed: readonly string[] | undefined): boolean =>
  allowed === undefined || allowed.includes(value);

/** As the bus orders it: see `orderingKey`. */
function laneOf(type: EventType, { partitionkey, subject, data }: BusEvent): string {
  const key = partitionkey ?? textOf(type.key(data)) ?? subject ?? textOf(type.subject(data)) ?? '';
  return `${type.topic} ${key}`;
}

const textOf = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

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
