import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetters, DeadReason } from '../dead-letter.ts';
import type { EmbeddedCounts } from './embedded-counts.ts';
import type { GroupPlace } from './group-place.ts';
import { type KeptEntry, KeptEvent, textOf } from './kept-event.ts';
import type { FoundState, SavedState } from './saved-state.ts';

const filterSchema = z.strictObject({
  group: z.string().optional(),
  topic: z.string().optional(),
  limit: z.int().min(1).max(1000).default(100),
  after: z.string().optional(),
});

/** Why an event goes to the dead letters. */
export interface Burial {
  readonly reason: DeadReason;
  readonly detail: string;
  readonly attempts: number;
}

export interface DeadLetterBoxDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly counts: EmbeddedCounts;
  /** Throws where the bus has been closed. */
  readonly checkOpen: () => void;
  /** Puts the event of a letter behind the newest of its topic, for its group alone. */
  readonly requeue: (letter: DeadLetter) => Promise<void>;
  /** Where letters outlive the process. */
  readonly saved?: SavedState | undefined;
}

/** What groups could not handle, oldest first. */
export class DeadLetterBox implements DeadLetters {
  readonly #keep: number;
  readonly #deps: DeadLetterBoxDeps;
  /** By id. */
  readonly #letters = new Map<string, DeadLetter>();
  readonly #counts = new Map<string, number>();
  /** Those whose events are in the log again, and that are still on record. */
  readonly #requeued = new Set<string>();
  #made: number;

  /** @param keep letters at most. @param found what there was before, and the number of the newest there has been */
  constructor(
    keep: number,
    deps: DeadLetterBoxDeps,
    { letters, lettersMade }: Pick<FoundState, 'letters' | 'lettersMade'> = { letters: [], lettersMade: 0 },
  ) {
    this.#keep = keep;
    this.#deps = deps;
    for (const letter of letters) this.#add(letter);
    this.#made = letters.reduce((most, { letterId }) => Math.max(most, Number(letterId)), lettersMade);
  }

  /** How many a group has of a topic. */
  of(group: string, topic: string): number {
    return this.#counts.get(`${group} ${topic}`) ?? 0;
  }

  /** @returns whether it has been kept: not so where the bus closes before. Never rejects. */
  async bury(place: GroupPlace, entry: KeptEntry, { reason, detail, attempts }: Burial): Promise<boolean> {
    const { group, topic } = place;
    const letterId = `${++this.#made}`;
    const { position, seq } = entry;
    const atMs = this.#deps.clock.nowMs();
    const letter = {
      letterId,
      group,
      topic: topic.name,
      position,
      reason,
      detail,
      attempts,
      atMs,
      text: textOf(entry),
    };
    if ((await this.#deps.saved?.bury(letter, place, seq)) === false) return false;
    if (!(entry instanceof KeptEvent)) this.#deps.counts.dead(group, reason); // a member counts its own
    this.#add(letter);
    const oldest = this.#letters.values().next().value;
    if (this.#letters.size > this.#keep && oldest !== undefined) {
      await this.#remove(oldest).catch(ignore); // it goes at the next start
      this.#deps.counts.lostLetter(oldest.group, oldest.topic);
    }
    return true;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws becomes a rejection
  async list(filter: DeadLetterFilter = {}): Promise<readonly DeadLetter[]> {
    this.#deps.checkOpen();
    const { group, topic, limit, after } = parseOptions('deadLetters', filterSchema, filter);
    const behind = after === undefined ? 0 : Number(after);
    const found: DeadLetter[] = [];
    for (const letter of this.#letters.values()) {
      if (found.length === limit) break;
      if (group !== undefined && letter.group !== group) continue;
      if (topic !== undefined && letter.topic !== topic) continue;
      if (Number(letter.letterId) > behind) found.push(letter);
    }
    return found;
  }

  async requeue(letterIds: readonly string[]): Promise<readonly string[]> {
    return this.#each(letterIds, async (letter) => {
      // What is put behind the newest once is not put there again when only the letter is left to be removed.
      if (!this.#requeued.has(letter.letterId)) await this.#deps.requeue(letter);
      this.#requeued.add(letter.letterId);
      await this.#deps.saved?.unbury(letter);
      this.#requeued.delete(letter.letterId);
    });
  }

  async discard(letterIds: readonly string[]): Promise<readonly string[]> {
    return this.#each(letterIds, async (letter) => this.#deps.saved?.unbury(letter));
  }

  /** All of a group go. */
  async forget(group: string): Promise<void> {
    for (const letter of [...this.#letters.values()]) if (letter.group === group) await this.#remove(letter);
  }

  /** Takes letters out, and puts back those from the first on for which `work` fails. Throws where that is the first. */
  async #each(
    letterIds: readonly string[],
    work: (letter: DeadLetter) => Promise<unknown>,
  ): Promise<readonly string[]> {
    this.#deps.checkOpen();
    const found = letterIds.flatMap((id) => this.#take(id) ?? []);
    const done: string[] = [];
    try {
      for (const letter of found) {
        await work(letter);
        done.push(letter.letterId);
      }
    } catch (error) {
      for (const letter of found.slice(done.length)) this.#add(letter);
      this.#sort();
      if (done.length === 0) throw error;
    }
    return done;
  }

  #add(letter: DeadLetter): void {
    this.#letters.set(letter.letterId, letter);
    this.#count(letter, 1);
  }

  #take(letterId: string): DeadLetter | undefined {
    const letter = this.#letters.get(letterId);
    if (letter === undefined) return undefined;
    this.#letters.delete(letterId);
    this.#count(letter, -1);
    return letter;
  }

  async #remove({ letterId }: DeadLetter): Promise<void> {
    const letter = this.#take(letterId);
    if (letter !== undefined) await this.#deps.saved?.unbury(letter);
  }

  #sort(): void {
    const letters = [...this.#letters.values()].sort((a, b) => Number(a.letterId) - Number(b.letterId));
    this.#letters.clear();
    for (const letter of letters) this.#letters.set(letter.letterId, letter);
  }

  #count({ group, topic }: DeadLetter, by: number): void {
    this.#counts.set(`${group} ${topic}`, this.of(group, topic) + by);
  }
}

const ignore = (): void => undefined;
