import { z } from 'zod';
import { defineApi } from '../service/index.ts';

/** Events in one request. */
export const MAX_BATCH = 1_000;
const MAX_LETTERS = 1_000;
/** Of arrays and objects in the data of an event, one in another: as a bus takes them. */
const MAX_LEVELS = 64;

const visible = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 visible ASCII characters without blanks');
const label = z.string().min(1).max(256);

/**
 * CloudEvents 1.0.2 in JSON, as it comes in: `time` and `dataversion` may be left out. Other attributes are taken, and not
 * kept; content other than JSON is refused.
 */
const incomingEvent = z.object({
  specversion: z.literal('1.0'),
  id: visible,
  source: visible,
  type: z.string().min(1).max(128),
  /** Default: 1. */
  dataversion: z.int().min(1).optional(),
  /** When it happened. Default: now. */
  time: z.iso.datetime({ offset: true }).optional(),
  datacontenttype: z
    .string()
    .regex(/^application\/(?:[\w.-]+\+)?json(?:\s*;.*)?$/i, 'expected JSON')
    .optional(),
  subject: label.optional(),
  partitionkey: label.optional(),
  traceparent: z.string().max(256).optional(),
  tracestate: z.string().max(1024).optional(),
  correlationid: z.string().min(1).max(128).optional(),
  data: z.unknown().superRefine((data, context) => {
    const flaw =
      data === undefined
        ? 'is missing'
        : isDeeperThan(MAX_LEVELS, data) && `has more than ${MAX_LEVELS} levels`;
    if (flaw !== false) context.addIssue({ code: 'custom', message: flaw });
  }),
});

/** Level by level, since what comes in may be deeper than the stack. */
function isDeeperThan(levels: number, data: unknown): boolean {
  let parts = [data].filter(isNested);
  for (let level = 0; level < levels && parts.length > 0; level += 1)
    parts = parts.flatMap((part) => Object.values(part).filter(isNested));
  return parts.length > 0;
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;

export type IncomingEvent = z.output<typeof incomingEvent>;

/** What became of one event: see `PublishReceipt`. */
const receipt = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('published'), id: z.string(), position: z.string() }),
  z.object({ outcome: z.literal('duplicate'), id: z.string() }),
  z.object({ outcome: z.literal('spilled'), id: z.string() }),
]);

const groupStatus = z.object({
  group: z.string(),
  topic: z.string(),
  /** Left out where the server cannot say. */
  lag: z.number().optional(),
  pending: z.number(),
  deadLetters: z.number(),
  members: z.number(),
});

const deadLetter = z.object({
  letterId: z.string(),
  group: z.string(),
  topic: z.string(),
  position: z.string(),
  reason: z.enum(['UNKNOWN_TYPE', 'UNKNOWN_VERSION', 'INVALID', 'ATTEMPTS_EXHAUSTED', 'CRASHED', 'REFUSED']),
  detail: z.string(),
  attempts: z.number(),
  atMs: z.number(),
  /** The event as it stands in its topic. */
  text: z.string(),
});

/** Why something is changed: stands in the audit log. */
const reason = z.string().trim().min(1).max(500);
const letterIds = z.array(z.string().min(1).max(256)).min(1).max(MAX_LETTERS).readonly();
const aboutLetters = { body: z.strictObject({ letterIds, reason }) };
const tags = ['events'] as const;

/**
 * The bus over HTTP, for `createClient`; the tail (`GET /v1/events`), which is a stream, stands beside it. What changes groups
 * and dead letters is for operators: 401 unless the authenticator knows the caller, and recorded in the audit log before it
 * happens.
 */
export const eventApi = defineApi({
  publishEvents: {
    method: 'POST',
    path: '/v1/events',
    body: z.union([incomingEvent, z.array(incomingEvent).min(1).max(MAX_BATCH)]),
    response: z.object({ receipts: z.array(receipt).readonly() }),
    summary: 'Publishes one event, or several, those of one key in order.',
    description:
      'For operators, and for what the service lets them publish: 403 for other sources and types. ' +
      'Structured CloudEvents 1.0 in JSON: application/cloudevents+json, application/cloudevents-batch+json or application/json. ' +
      'All events are checked before the first is published: 422 names those that the catalogue does not know or whose data does not follow the schema. ' +
      'The same id and source again is a duplicate and does not go out again, so after 503 or no answer the same request may be sent again: nothing of a key has gone out behind what was not taken.',
    tags,
  },
  listGroups: {
    method: 'GET',
    path: '/v1/groups',
    response: z.object({ groups: z.array(groupStatus).readonly() }),
    summary: 'Where each group stands in each of its topics.',
    tags,
  },
  dropGroup: {
    method: 'DELETE',
    path: '/v1/groups/:group',
    params: z.strictObject({ group: z.string().min(1).max(64) }),
    query: z.strictObject({ reason }),
    response: z.object({ group: z.string() }),
    summary: 'Forgets a group, its place and its dead letters.',
    description: 'For operators. 404 without such a group, 409 while it has members.',
    tags,
  },
  listDeadLetters: {
    method: 'GET',
    path: '/v1/dead-letters',
    query: z.strictObject({
      group: z.string().min(1).max(64).optional(),
      topic: z.string().min(1).max(64).optional(),
      /** Default: 100. */
      limit: z.coerce.number().int().min(1).max(MAX_LETTERS).optional(),
      /** `next` of the page before. */
      after: z.string().min(1).max(256).optional(),
    }),
    response: z.object({
      letters: z.array(deadLetter).readonly(),
      /** `after` of the next page. Left out behind the last. */
      next: z.string().optional(),
    }),
    summary: 'Events that a group could not handle, the oldest first.',
    tags,
  },
  requeueDeadLetters: {
    method: 'POST',
    path: '/v1/dead-letters/requeue',
    ...aboutLetters,
    /** The ids of those that were there. */
    response: z.object({ letterIds: z.array(z.string()).readonly() }),
    summary: 'Gives events to their groups once more, behind the newest.',
    description: 'For operators.',
    tags,
  },
  discardDeadLetters: {
    method: 'POST',
    path: '/v1/dead-letters/discard',
    ...aboutLetters,
    response: z.object({ letterIds: z.array(z.string()).readonly() }),
    summary: 'Removes dead letters for good.',
    description: 'For operators.',
    tags,
  },
});
