import { PortcullisError } from '../core/errors.ts';
import type { StartPosition } from '../events/index.ts';

/**
 * Where a tail stands: behind a position in each topic of which it has had an event, from a time on in the others. Where a
 * topic has several partitions, a position may be one of each that has had an event; where the others begin is for the bus to say.
 */
export interface TailCursor {
  readonly sinceMs: number;
  /** The others begin with what is new, and `sinceMs` says when that was. Default: false. */
  readonly isNew?: boolean;
  readonly positions: ReadonlyMap<string, string>;
}

/** Where a replay begins, and in which topics. */
export interface TailStart {
  readonly topics: readonly string[];
  readonly from: StartPosition;
}

const SINCE = '@';

/**
 * Where a tail stands in a topic behind one event more. A position that names its partition (`1:1795284348901-2`) stands beside
 * those of the others, with commas between: that is a position as well.
 */
export function movedTo(before: string | undefined, position: string): string {
  const partition = partitionOf(position);
  if (before === undefined || partition === undefined) return position;
  const others = before.split(',').filter((each) => partitionOf(each) !== partition);
  return [...others, position].join(',');
}

const partitionOf = (position: string): string | undefined => /^(\d+):/.exec(position)?.[1];

/**
 * As it stands in `id:` of an event: the position where there is one topic, otherwise `topic=position` for each topic and
 * `@=milliseconds` for the rest, with `;` between.
 */
export function cursorText({ sinceMs, positions }: TailCursor, topics: readonly string[]): string {
  const [only, ...more] = topics;
  const position = only === undefined || more.length > 0 ? undefined : positions.get(only);
  // One that could be taken for something else is written out.
  if (position !== undefined && !/[=;]|^(?:new|beginning)$/.test(position)) return position;
  const parts = [...positions].map(([topic, at]) => `${topic}=${encodeURIComponent(at)}`);
  return positions.size < topics.length ? [`${SINCE}=${sinceMs}`, ...parts].join(';') : parts.join(';');
}

/**
 * Reads the `id:` of an event, or the position of one where there is one topic.
 *
 * @param otherwiseMs where topics begin that it says nothing of
 * @throws {PortcullisError} `INPUT_INVALID`
 */
export function readCursor(text: string, topics: readonly string[], otherwiseMs: number): TailCursor {
  const [only, ...more] = topics;
  if (!text.includes('=')) {
    if (only === undefined || more.length > 0)
      throw invalid(`${text} is a position in one topic, and there are ${topics.length}: add topic`);
    return { sinceMs: otherwiseMs, positions: new Map([[only, text]]) };
  }
  let sinceMs = otherwiseMs;
  const positions = new Map<string, string>();
  for (const part of text.split(';')) {
    const [topic = '', value = '', ...rest] = part.split('=');
    if (topic === '' || value === '' || rest.length > 0) throw invalid(`${text} is no position`);
    if (topic === SINCE) sinceMs = timeOf(value, text);
    else if (topics.includes(topic)) positions.set(topic, decoded(value, text));
  }
  return { sinceMs, positions };
}

/** As few replays as there can be: one for all topics that begin at a time, one for each that begins at a position. */
export function startsOf(
  { sinceMs, isNew = false, positions }: TailCursor,
  topics: readonly string[],
): readonly TailStart[] {
  const timed = topics.filter((topic) => !positions.has(topic));
  const placed = [...positions].map(([topic, position]) => ({ topics: [topic], from: { topic, position } }));
  return timed.length === 0
    ? placed
    : [{ topics: timed, from: isNew ? 'new' : fromTime(sinceMs) }, ...placed];
}

const fromTime = (timeMs: number): TailStart['from'] => (timeMs > 0 ? { timeMs } : 'beginning');

function timeOf(value: string, text: string): number {
  const timeMs = Number(value);
  if (/^\d{1,16}$/.test(value) && timeMs <= 8.64e15) return timeMs;
  throw invalid(`${text} is no position`);
}

function decoded(value: string, text: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalid(`${text} is no position`);
  }
}

const invalid = (message: string): PortcullisError => new PortcullisError('INPUT_INVALID', message);
