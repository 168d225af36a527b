import type { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import type { BusEvent } from './bus-event.ts';
import type { DeadReason } from './dead-letter.ts';
import { type EventEnvelope, readEnvelope } from './event-envelope.ts';
import type { EventType } from './event-type.ts';

/** An event that was read, or why it was not. */
export type ReadEvent =
  | { readonly kind: 'event'; readonly event: BusEvent }
  | {
      readonly kind: 'flaw';
      readonly reason: Extract<DeadReason, 'UNKNOWN_TYPE' | 'UNKNOWN_VERSION' | 'INVALID'>;
      readonly detail: string;
    };

/** The types of event that a bus knows. */
export class EventCatalogue {
  readonly #types: ReadonlyMap<string, EventType>;

  /** @throws {PortcullisError} `OPTION_INVALID` for two of one name */
  constructor(types: readonly EventType[]) {
    const byName = new Map<string, EventType>();
    for (const each of types) {
      if (byName.has(each.type))
        throw new PortcullisError('OPTION_INVALID', `EventCatalogue: ${each.type}: expected each type once`);
      byName.set(each.type, each);
    }
    this.#types = byName;
  }

  /** This one's types and more. */
  with(...types: readonly EventType[]): EventCatalogue {
    return new EventCatalogue([...this.types, ...types]);
  }

  get types(): readonly EventType[] {
    return [...this.#types.values()];
  }

  get(type: string): EventType | undefined {
    return this.#types.get(type);
  }

  /** Whether exactly this definition is in it. */
  has(type: EventType): boolean {
    return this.#types.get(type.type) === type;
  }

  /** Every topic of a type in it, each once. */
  get topics(): readonly string[] {
    return [...new Set(this.types.map(({ topic }) => topic))];
  }

  /** Reads what a bus has kept: the envelope, then the data by its type and version, brought up to the present one. Never throws. */
  read(json: string): ReadEvent {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch (error) {
      return { kind: 'flaw', reason: 'INVALID', detail: messageOf(error) };
    }
    const parsed = readEnvelope(value);
    if (!parsed.success) return { kind: 'flaw', reason: 'INVALID', detail: whatIsWrong(parsed.error) };
    return this.#readData(parsed.data);
  }

  #readData(event: EventEnvelope): ReadEvent {
    const type = this.#types.get(event.type);
    if (type === undefined) return { kind: 'flaw', reason: 'UNKNOWN_TYPE', detail: event.type };
    const from = event.dataversion;
    const older = type.previous.find(({ version }) => version === from);
    if (from !== type.version && older === undefined) {
      return { kind: 'flaw', reason: 'UNKNOWN_VERSION', detail: `${event.type} version ${from}` };
    }
    const first = (older ?? type).schema.safeParse(event.data);
    if (!first.success) return { kind: 'flaw', reason: 'INVALID', detail: whatIsWrong(first.error) };
    let data: unknown = first.data;
    if (older !== undefined) {
      try {
        for (const step of type.previous) if (step.version >= from) data = step.upgrade(data as never);
      } catch (error) {
        return { kind: 'flaw', reason: 'INVALID', detail: messageOf(error) };
      }
      const present = type.check(data);
      if (!present.success) return { kind: 'flaw', reason: 'INVALID', detail: whatIsWrong(present.error) };
      data = present.data;
    }
    event.dataversion = type.version;
    event.data = data;
    return { kind: 'event', event };
  }
}

const whatIsWrong = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.map(String).join('.') || '(whole)'}: ${message}`).join('; ');
