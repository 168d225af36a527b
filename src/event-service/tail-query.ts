import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import type { EventCatalogue, EventType } from '../events/index.ts';
import { HttpProblem } from '../service/index.ts';
import { type TailCursor, readCursor } from './tail-cursor.ts';

/** What a tail is asked for. */
export const tailQuery = z.strictObject({
  /** Names of types, several with commas or as several `types`. Default: all of the catalogue. */
  types: z.array(z.string()).readonly().optional(),
  /** Only types of this topic. */
  topic: z.string().min(1).max(64).optional(),
  /** Only events about this. */
  subject: z.string().min(1).max(256).optional(),
  /** `new`, `beginning`, or the `id:` of an event. Default: `new`, with `until=now` `beginning`. `Last-Event-ID` is stronger. */
  from: z.string().min(1).max(4096).optional(),
  /** The first event at or after it, by the time that the bus took it. */
  since: z.iso.datetime({ offset: true }).optional(),
  /** `now`: ends with what is there, instead of going on with what is published. */
  until: z.literal('now').optional(),
});

/** What a tail delivers. */
export interface TailRequest {
  readonly types: readonly EventType[];
  readonly topics: readonly string[];
  readonly subject: string | undefined;
  readonly cursor: TailCursor;
  readonly follow: boolean;
}

/** @throws {HttpProblem} 400, saying what is known */
export function readTail(
  query: z.output<typeof tailQuery>,
  lastEventId: string | undefined,
  catalogue: EventCatalogue,
  nowMs: number,
): TailRequest {
  const types = chosen(query, catalogue);
  const topics = [...new Set(types.map(({ topic }) => topic))];
  const follow = query.until === undefined;
  const { subject } = query;
  return { types, topics, subject, follow, cursor: cursorOf(query, lastEventId, topics, follow, nowMs) };
}

function chosen({ types, topic }: z.output<typeof tailQuery>, catalogue: EventCatalogue) {
  const names = types?.flatMap((each) => each.split(',')).map((name) => name.trim());
  for (const name of names ?? []) {
    if (catalogue.get(name) !== undefined) continue;
    const known = catalogue.types.map((each) => each.type).join(', ');
    throw unfit('types', `unknown type ${name}, expected some of ${known}`);
  }
  if (topic !== undefined && !catalogue.topics.includes(topic))
    throw unfit('topic', `unknown topic ${topic}, expected one of ${catalogue.topics.join(', ')}`);
  const found = catalogue.types.filter(
    (each) =>
      (names === undefined || names.includes(each.type)) && (topic === undefined || each.topic === topic),
  );
  if (found.length > 0) return found;
  throw unfit('types', 'expected types of the topic');
}

function cursorOf(
  { from, since }: z.output<typeof tailQuery>,
  lastEventId: string | undefined,
  topics: readonly string[],
  follow: boolean,
  nowMs: number,
): TailCursor {
  if (from !== undefined && since !== undefined) throw unfit('since', 'expected from or since, not both');
  const sinceMs = since === undefined ? undefined : Math.max(0, Math.floor(Date.parse(since)));
  const begin = lastEventId ?? from ?? (follow ? 'new' : 'beginning');
  const none: TailCursor['positions'] = new Map();
  if (lastEventId === undefined && sinceMs !== undefined) return { sinceMs, positions: none };
  if (begin === 'new') return { sinceMs: nowMs, isNew: true, positions: none };
  if (begin === 'beginning') return { sinceMs: 0, positions: none };
  try {
    return readCursor(begin, topics, sinceMs ?? nowMs);
  } catch (error) {
    if (error instanceof PortcullisError) throw unfit('from', error.message);
    throw error;
  }
}

const unfit = (key: string, message: string): HttpProblem =>
  new HttpProblem(400, 'the request does not fit its schema', {
    issues: [{ at: `querystring/${key}`, message }],
  });
