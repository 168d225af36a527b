import { PortcullisError } from '../../core/errors.ts';
import type { StartPosition } from '../../events/index.ts';
import { parsePosition } from './redis-keys.ts';

const LAST_SEQ = '18446744073709551615';

/**
 * How far before a position the partitions begin that it says nothing of, milliseconds: what was published there about when it was
 * may not have been read yet.
 */
const OVERLAP_MS = 10_000;

/** Below a millisecond. */
const before = (ms: number): string => (ms > 0 ? `${ms - 1}-${LAST_SEQ}` : '0');

/**
 * The last entry that a group should not get of a partition. A position may be several, of different partitions, with commas
 * between: `0:1795284348868-0,1:1795284348901-2`. Partitions that it does not name begin some seconds before the earliest, so
 * that their events may come again, and none is left out.
 */
export function idBefore(from: StartPosition, topic: string, partition: number): string {
  if (from === 'new') return '$';
  if (from === 'beginning') return '0';
  if ('timeMs' in from) return before(Math.ceil(from.timeMs));
  if (from.topic !== topic) return '$';
  const all = from.position.split(',').map((each) => parsePosition(each));
  const own = all.find((each) => each?.partition === partition);
  if (own !== undefined) return own.streamId;
  const earliestMs = Math.min(...all.map((each) => parseInt(each?.streamId ?? '0', 10)));
  return before(earliestMs - OVERLAP_MS);
}

/** @throws {PortcullisError} `OPTION_INVALID` for a position that is none of these topics and partitions */
export function checkStart(
  call: string,
  from: StartPosition,
  { topics, partitions }: { readonly topics: readonly string[]; readonly partitions: number },
): void {
  if (typeof from === 'string' || 'timeMs' in from) return;
  const { topic, position } = from;
  if (!topics.includes(topic))
    throw new PortcullisError(
      'OPTION_INVALID',
      `${call}: from.topic: expected one of ${topics.join(', ')}, got ${topic}`,
    );
  const all = position.split(',').map((each) => parsePosition(each)?.partition ?? NaN);
  if (all.every((each) => each < partitions) && new Set(all).size === all.length) return;
  throw new PortcullisError(
    'OPTION_INVALID',
    `${call}: from.position: expected positions of this topic, one for a partition, got ${position}`,
  );
}
