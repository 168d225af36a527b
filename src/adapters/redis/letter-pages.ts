import type { DeadReason } from '../../events/index.ts';
import { LETTERS } from './letter-scripts.ts';
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

export interface LettersWanted {
  /** Id of the first, `(` before it to begin behind it. Default: the oldest. */
  readonly from?: string | undefined;
  /** Default: those of all groups. */
  readonly group?: string | undefined;
}

/** The letters of a partition, oldest first, a page at a time. The server goes through all of them, in short steps. */
export async function* lettersOf(
  link: Pick<RedisLink, 'command'>,
  key: string,
  { from = '-', group = '' }: LettersWanted = {},
): AsyncGenerator<readonly StoredLetter[]> {
  let begin = from;
  while (begin !== '') {
    const [page, next] = (await LETTERS.run(link, [key], [begin, group])) as [StreamEntry[], string];
    if (page.length > 0) yield page.map(letterOf);
    begin = next;
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
