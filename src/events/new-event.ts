import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import { correlation } from '../telemetry/correlation.ts';
import { traceHeaders } from '../telemetry/tracing-scope.ts';
import type { BusEvent } from './bus-event.ts';
import type { PublishOptions } from './event-bus.ts';
import { eventData } from './event-data.ts';
import type { EventCatalogue } from './event-catalogue.ts';
import type { EventType } from './event-type.ts';

const identity = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 visible ASCII characters without blanks');

const schema = z.strictObject({
  id: identity.optional(),
  source: identity.optional(),
  /** Years that RFC 3339 can write. */
  atMs: z.number().min(-62_167_219_200_000).max(253_402_300_799_999).optional(),
  subject: z.string().min(1).max(256).optional(),
  key: z.string().min(1).max(256).optional(),
  correlationId: z.string().min(1).max(128).optional(),
  generation: z.string().min(1).max(128).optional(),
});

export interface NewEventsDeps {
  readonly catalogue: EventCatalogue;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Of events that do not name another. */
  readonly source: string;
  /** What ids begin with: not used before, by any process. */
  readonly idPrefix: string;
}

/** Makes events of checked data. One for each bus, so that ids are its own. */
export class NewEvents {
  readonly #deps: NewEventsDeps;
  #made = 0;
  /** The millisecond that was last written out, and how it reads. */
  #timeMs = NaN;
  #time = '';
  /** Types whose schema takes what it gives. */
  readonly #proven = new Set<EventType>();

  constructor(deps: NewEventsDeps) {
    this.#deps = deps;
  }

  /** @throws {PortcullisError} `INPUT_INVALID`, `OPTION_INVALID` */
  make<D>(type: EventType<D>, data: D, options?: PublishOptions): BusEvent<D> {
    const { catalogue, clock, source, idPrefix } = this.#deps;
    if (!catalogue.has(type)) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `publish: ${type.type}: expected a type of the bus's catalogue`,
      );
    }
    const checked = type.check(data);
    const read = checked.success ? checked.data : (parseInput(type.type, type.schema, data) as D); // says what is wrong
    if (!this.#proven.has(type)) this.#prove(type, read);
    const given = options === undefined ? undefined : parseInput('publish', schema, options);
    const subject = given?.subject ?? textOf(type.subject(read));
    const key = given?.key ?? textOf(type.key(read));
    const trace = traceHeaders();
    return {
      specversion: '1.0',
      id: given?.id ?? `${idPrefix}-${++this.#made}`,
      source: given?.source ?? source,
      type: type.type,
      dataversion: type.version,
      time: this.#timeOf(given?.atMs ?? clock.nowMs()),
      subject,
      partitionkey: key === subject ? undefined : key,
      traceparent: trace.traceparent,
      tracestate: trace.tracestate,
      correlationid: given?.correlationId ?? correlation.id(),
      data: eventData(type.type, read, data),
    };
  }

  /** What is read again later goes through the schema again, which therefore must not make something else of its data. */
  #prove(type: EventType, read: unknown): void {
    if (!type.check(read).success) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `publish: ${type.type}: expected a schema that takes what it gives, without transforms`,
      );
    }
    this.#proven.add(type);
  }

  #timeOf(atMs: number): string {
    const ms = Math.trunc(atMs);
    if (ms !== this.#timeMs) {
      this.#time = new Date(ms).toISOString();
      this.#timeMs = ms;
    }
    return this.#time;
  }
}

/** An attribute is not empty: then there is none. */
const textOf = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
