import { z } from 'zod';

const text = z.string().min(1);

/** What stands around the data. Attributes of others are left out when it is read. */
const envelope = z.object({
  specversion: z.literal('1.0'),
  id: text,
  source: text,
  type: text,
  dataversion: z.int().min(1).default(1),
  time: z.iso.datetime({ offset: true }),
  subject: text.optional(),
  partitionkey: text.optional(),
  traceparent: text.optional(),
  tracestate: text.optional(),
  correlationid: text.optional(),
  data: z.unknown(),
});

export type EventEnvelope = z.output<typeof envelope>;

/** Reads what is around the data, and leaves the data as it is. */
export function readEnvelope(value: unknown): z.ZodSafeParseResult<EventEnvelope> {
  const data = asWritten(value);
  return data === undefined ? envelope.safeParse(value) : { success: true, data };
}

/** A time in UTC on a day that each such month has. */
const TIME =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * An envelope as a bus writes it, at a tenth of what the schema takes. Anything else is `undefined`, and for the schema to
 * judge.
 */
function asWritten(value: unknown): EventEnvelope | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Readonly<Record<keyof EventEnvelope, unknown>>;
  const { specversion, id, source, type, dataversion, time, data } = given;
  const { subject, partitionkey, traceparent, tracestate, correlationid } = given;
  if (specversion !== '1.0' || !isText(id) || !isText(source) || !isText(type)) return undefined;
  if (!isVersion(dataversion) || typeof time !== 'string' || !TIME.test(time)) return undefined;
  if (!isTextOrNone(subject) || !isTextOrNone(partitionkey) || !isTextOrNone(correlationid)) return undefined;
  if (!isTextOrNone(traceparent) || !isTextOrNone(tracestate) || data === undefined) return undefined;
  const whole: EventEnvelope = { specversion, id, source, type, dataversion, time, data };
  if (subject !== undefined) whole.subject = subject;
  if (partitionkey !== undefined) whole.partitionkey = partitionkey;
  if (traceparent !== undefined) whole.traceparent = traceparent;
  if (tracestate !== undefined) whole.tracestate = tracestate;
  if (correlationid !== undefined) whole.correlationid = correlationid;
  return whole;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const isTextOrNone = (value: unknown): value is string | undefined => value === undefined || isText(value);

const isVersion = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 1;
