import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetters } from '../../events/index.ts';
import { type LettersWanted, lettersOf } from './letter-pages.ts';
import { REMOVE_LETTERS, REQUEUE_LETTERS } from './letter-scripts.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { compareIds } from './stream-entry.ts';

export interface RedisDeadLettersDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly keys: RedisKeys;
  readonly topics: readonly string[];
  readonly partitions: number;
}

/** A letter's id: `<topic>:<partition>:<ms>-<seq>`. */
interface LetterPlace {
  readonly topic: string;
  readonly partition: number;
  readonly id: string;
}

const LETTER_ID = /^([a-z][a-z0-9-]*):(\d{1,5}):(\d{1,16}-\d{1,20})$/;

const filterSchema = z.strictObject({
  group: z.string().optional(),
  topic: z.string().optional(),
  limit: z.int().min(1).max(1000).default(100),
  after: z.string().regex(LETTER_ID, 'expected the id of a letter').optional(),
});

const letterIdOf = ({ topic, partition, id }: LetterPlace): string => `${topic}:${partition}:${id}`;

function placeOf(letterId: string): LetterPlace | undefined {
  const match = LETTER_ID.exec(letterId);
  return match === null
    ? undefined
    : { topic: String(match[1]), partition: Number(match[2]), id: String(match[3]) };
}

/** Oldest first; letters of one moment by where they lie. */
const inOrder = (a: LetterPlace, b: LetterPlace): number =>
  compareIds(a.id, b.id) || (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1);

/** Dead letters of all groups: a stream beside that of the events in each partition, where they lie until somebody deals with them. */
export class RedisDeadLetters implements DeadLetters {
  readonly #deps: RedisDeadLettersDeps;

  constructor(deps: RedisDeadLettersDeps) {
    this.#deps = deps;
  }

  async list(filter: DeadLetterFilter = {}): Promise<readonly DeadLetter[]> {
    const { group, topic, limit, after } = parseOptions('deadLetters.list', filterSchema, filter);
    const { topics, partitions } = this.#deps;
    const behind = after === undefined ? undefined : placeOf(after);
    const found: { readonly place: LetterPlace; readonly letter: DeadLetter }[] = [];
    for (const each of topics) {
      if (topic !== undefined && topic !== each) continue;
      for (let partition = 0; partition < partitions; partition++) {
        let count = 0;
        for await (const { id, ...stored } of this.#letters(each, partition, { from: behind?.id, group })) {
          const place = { topic: each, partition, id };
          if (behind !== undefined && inOrder(place, behind) <= 0) continue;
          found.push({ place, letter: { letterId: letterIdOf(place), topic: each, ...stored } });
          if (++count === limit) break;
        }
      }
    }
    found.sort((a, b) => inOrder(a.place, b.place));
    return found.slice(0, limit).map(({ letter }) => letter);
  }

  requeue(letterIds: readonly string[]): Promise<readonly string[]> {
    const { link, keys } = this.#deps;
    return this.#each(letterIds, (topic, partition, ids) =>
      REQUEUE_LETTERS.run(
        link,
        [keys.dead(topic, partition), keys.deadCounts(topic, partition), keys.events(topic, partition)],
        ids,
      ),
    );
  }

  discard(letterIds: readonly string[]): Promise<readonly string[]> {
    const { link, keys } = this.#deps;
    return this.#each(letterIds, (topic, partition, ids) =>
      REMOVE_LETTERS.run(link, [keys.dead(topic, partition), keys.deadCounts(topic, partition)], ids),
    );
  }

  async *#letters(topic: string, partition: number, wanted: LettersWanted) {
    const { link, keys } = this.#deps;
    for await (const page of lettersOf(link, keys.dead(topic, partition), wanted)) yield* page;
  }

  /** Those that were there, in the order asked for. */
  async #each(
    letterIds: readonly string[],
    run: (topic: string, partition: number, ids: readonly string[]) => Promise<unknown>,
  ): Promise<readonly string[]> {
    const { topics, partitions } = this.#deps;
    const byPartition = new Map<string, { place: LetterPlace; ids: string[] }>();
    for (const letterId of new Set(letterIds)) {
      const place = placeOf(letterId);
      if (place === undefined || !topics.includes(place.topic) || place.partition >= partitions) continue;
      const name = `${place.topic}:${place.partition}`;
      const rest = byPartition.get(name) ?? { place, ids: [] };
      byPartition.set(name, rest);
      rest.ids.push(place.id);
    }
    const done = new Set<string>();
    for (const { place, ids } of byPartition.values()) {
      const found = (await run(place.topic, place.partition, ids)) as string[];
      for (const id of found) done.add(letterIdOf({ ...place, id }));
    }
    return [...new Set(letterIds)].filter((letterId) => done.has(letterId));
  }
}
