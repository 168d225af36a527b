import type { DeadReason } from '../../events/index.ts';
import type { RedisLink } from './redis-link.ts';
import { type StreamEntry, fieldOf } from './stream-entry.ts';

/** A letter as it lies in the stream of its partition. */
export interface StoredLetter {
  readonly id: string;
  readonly group: string;
  readonly position: string;
  readonly reason: DeadReason;
  readonly detail: string;
  readonly attempts: number;
  readonly atMs: number;
  readonly text: string;
}

const PAGE = 256;

/** The letters of a partition, oldest first, a page at a time. @param from id of the first, `(` before it to begin behind it */
export async function* lettersOf(
  link: Pick<RedisLink, 'command'>,
  key: string,
  from = '-',
): AsyncGenerator<readonly StoredLetter[]> {
  let begin = from;
  for (;;) {
    const page = await link.command<StreamEntry[]>(['XRANGE', key, begin, '+', 'COUNT', String(PAGE)]);
    if (page.length > 0) yield page.map(letterOf);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    begin = `(${last[0]}`;
  }
}

function letterOf([id, fields]: StreamEntry): StoredLetter {
  const text = (name: string): string => fieldOf(fields, name) ?? '';
  return {
    id,
    group: text('g'),
    position: text('p'),
    reason: text('w') as DeadReason,
    detail: text('d'),
    attempts: Number(text('n')),
    atMs: Number(text('t')),
    text: text('e'),
  };
}
