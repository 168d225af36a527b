import type { BusEvent } from '../bus-event.ts';
import type { EventCatalogue, ReadEvent } from '../event-catalogue.ts';
import type { Delivery } from '../group-member.ts';

interface Kept {
  readonly topic: string;
  /** Place in the topic, from 1 without gaps. */
  readonly seq: number;
  /** The same as text. */
  readonly position: string;
  /** When the bus took it, wall time. */
  readonly takenMs: number;
  /** The only group that it is for: it has been dead there. */
  readonly requeuedFor: string | undefined;
}

/** An event in its topic, as every group gets it. */
export interface KeptEvent extends Kept, Delivery {
  readonly kind: 'event';
}

/** What stands in a topic and cannot be read as an event. */
export interface FlawedEvent extends Kept {
  readonly kind: 'flaw';
  readonly flaw: Extract<ReadEvent, { kind: 'flaw' }>;
  /** Of those in the catalogue, where that much can be read. */
  readonly type: string | undefined;
  readonly text: string;
}

export type KeptEntry = KeptEvent | FlawedEvent;

export const keptEvent = (
  topic: string,
  seq: number,
  takenMs: number,
  event: BusEvent,
  requeuedFor: string | undefined,
): KeptEvent => ({
  kind: 'event',
  topic,
  seq,
  position: `${seq}`,
  takenMs,
  requeuedFor,
  attempts: 0,
  event: frozen(event),
});

/** Groups share it: what one handler does to it the others must not see. */
function frozen<T extends object>(value: T): T {
  for (const key in value) {
    const part: unknown = value[key];
    if (typeof part === 'object' && part !== null) frozen(part);
  }
  return Object.freeze(value);
}

/** As it stands in a dead letter. */
export const textOf = (kept: KeptEntry): string =>
  kept.kind === 'event' ? JSON.stringify(kept.event) : kept.text;

/** What stands in a topic, read. */
export function entryOf(
  topic: string,
  catalogue: EventCatalogue,
  { seq, takenMs, requeuedFor }: Pick<Kept, 'seq' | 'takenMs' | 'requeuedFor'>,
  text: string,
): KeptEntry {
  const read = catalogue.read(text);
  if (read.kind === 'event') return keptEvent(topic, seq, takenMs, read.event, requeuedFor);
  const type = knownType(text, catalogue);
  return { kind: 'flaw', topic, seq, position: `${seq}`, takenMs, requeuedFor, flaw: read, type, text };
}

function knownType(text: string, catalogue: EventCatalogue): string | undefined {
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    return typeof type === 'string' ? catalogue.get(type)?.type : undefined;
  } catch {
    return undefined;
  }
}
