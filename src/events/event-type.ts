import { z } from 'zod';
import { parseOptions } from '../core/options.ts';

/** A type of event: its name, the version and schema of its data, where it goes and what keeps its order. */
export interface EventType<D = unknown> {
  /** 1 to 128 lower-case letters, digits, hyphens and dots, beginning with a letter: `order.executed`. */
  readonly type: string;
  /** From 1. A change of the schema that an older reader cannot take is a new version. */
  readonly version: number;
  /** The log that its events go into, with limits and retention of its own: 1 to 64 lower-case letters, digits and hyphens. */
  readonly topic: string;
  /** Of the data, which has to be JSON. */
  readonly schema: z.ZodType;
  /** Checks data against the schema. */
  check(data: unknown): z.ZodSafeParseResult<D>;
  /** What an event is about, if anything. */
  subject(data: D): string | undefined;
  /** Events with the same key keep their order. Default: the subject. */
  key(data: D): string | undefined;
  readonly previous: readonly PreviousVersion[];
}

/** A version that may still be on its way, and how it becomes the next one. */
export interface PreviousVersion {
  readonly version: number;
  readonly schema: z.ZodType;
  /** To the data of version + 1; gets what its schema has read. */
  readonly upgrade: (data: never) => unknown;
}

/** What `eventType` takes. */
export interface EventTypeDefinition<S extends z.ZodType> {
  readonly type: string;
  /** Default: 1. */
  readonly version?: number;
  /** Default: the first word of `type`: `order` of `order.executed`. */
  readonly topic?: string;
  /**
   * Of the data, which has to be JSON: `publish` refuses dates, maps, class instances, bigint and the like, on every bus, since
   * they would come back as something else.
   */
  readonly schema: S;
  /** What an event is about; an empty text is nothing. Default: nothing. */
  readonly subject?: (data: z.output<S>) => string;
  /** Events with the same key keep their order. Default: the subject. */
  readonly key?: (data: z.output<S>) => string;
  /** Older versions that are still read, in any order. Default: none; they go to the dead letters. */
  readonly previous?: readonly PreviousVersion[];
}

const NAME = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*$/;

const namesSchema = z.object({
  type: z
    .string()
    .max(128)
    .regex(NAME, 'expected lower-case words with dots between, such as order.executed'),
  version: z.int().min(1),
  topic: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected 1 to 64 lower-case letters, digits and hyphens'),
  previous: z.array(z.object({ version: z.int().min(1) })),
});

/**
 * Defines a type of event.
 *
 * @throws {PortcullisError} `OPTION_INVALID`, also for previous versions that do not lead to the present one
 */
export function eventType<S extends z.ZodType>(definition: EventTypeDefinition<S>): EventType<z.output<S>> {
  const { type, version = 1, previous = [], schema, subject = nothing, key = subject } = definition;
  const topic = definition.topic ?? type.replace(/\..*/s, '');
  parseOptions('eventType', namesSchema, { type, version, topic, previous: [...previous] });
  const older = [...previous].sort((a, b) => a.version - b.version);
  const first = version - older.length;
  parseOptions(
    `eventType ${type}`,
    z.object({
      previous: z
        .array(z.int())
        .refine(followsOn(first), `expected versions up to ${version - 1}, each once`),
    }),
    { previous: older.map((each) => each.version) },
  );
  return Object.freeze({
    ...{ type, version, topic, schema, subject, key },
    check: (data: unknown) => schema.safeParse(data),
    previous: Object.freeze(older),
  });
}

const followsOn =
  (first: number) =>
  (versions: readonly number[]): boolean =>
    versions.every((version, at) => version === first + at);

const nothing = (): undefined => undefined;
