import type { BusEvent } from '../bus-event.ts';
import type { EventCatalogue, ReadEvent } from '../event-catalogue.ts';
import { freezeAll } from '../event-data.ts';
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

/**
 * An event in its topic, as every group gets it: frozen, since what one handler does to it the others must not see. Many are
 * kept, so it holds little.
 */
export class KeptEvent implements Kept, Delivery {
  readonly topic: string;
  readonly seq: number;
  readonly takenMs: number;
  readonly event: BusEvent;
  readonly requeuedFor: string | undefined;
  readonly attempts: number;
  readonly hasFailed: boolean;

  /** @param event its data is frozen already */
  constructor(
    topic: string,
    seq: number,
    takenMs: number,
    event: BusEvent,
    requeuedFor: string | undefined,
    attempts = 0,
    hasFailed = false,
  ) {
    this.topic = topic;
    this.seq = seq;
    this.takenMs = takenMs;
    this.event = Object.freeze(event);
    this.requeuedFor = requeuedFor;
    this.attempts = attempts;
    this.hasFailed = hasFailed;
  }

  get position(): string {
    return `${this.seq}`;
  }

  /** The same, tried before. */
  tried(attempts: number, hasFailed = false): KeptEvent {
    const { topic, seq, takenMs, event, requeuedFor } = this;
    return new KeptEvent(topic, seq, takenMs, event, requeuedFor, attempts, hasFailed);
  }
}

/** What stands in a topic and cannot be read as an event. */
export interface FlawedEvent extends Kept {
  readonly flaw: Extract<ReadEvent, { kind: 'flaw' }>;
  /** Of those in the catalogue, where that much can be read. */
  readonly type: string | undefined;
  readonly text: string;
}

export type KeptEntry = KeptEvent | FlawedEvent;

/** As it stands in a dead letter. */
export const textOf = (kept: KeptEntry): string =>
  kept instanceof KeptEvent ? JSON.stringify(kept.event) : kept.text;

/** What stands in a topic, read. */
export function entryOf(
  topic: string,
  catalogue: EventCatalogue,
  { seq, takenMs, requeuedFor }: Pick<Kept, 'seq' | 'takenMs' | 'requeuedFor'>,
  text: string,
): KeptEntry {
  const read = catalogue.read(text);
  if (read.kind === 'event') {
    freezeAll(read.event.data);
    return new KeptEvent(topic, seq, takenMs, read.event, requeuedFor);
  }
  const type = knownType(text, catalogue);
  return { topic, seq, position: `${seq}`, takenMs, requeuedFor, flaw: read, type, text };
}

function knownType(text: string, catalogue: EventCatalogue): string | undefined {
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    return typeof type === 'string' ? catalogue.get(type)?.type : undefined;
  } catch {
    return undefined;
  }
}
