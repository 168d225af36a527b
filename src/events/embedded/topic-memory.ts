import type { EmbeddedRules } from './embedded-options.ts';
import { EventRing } from './event-ring.ts';
import type { GroupPlace } from './group-place.ts';
import type { KeptEntry } from './kept-event.ts';

export interface TopicMemoryDeps {
  readonly places: ReadonlySet<GroupPlace>;
  /** Whether all of it is on disk as well: then memory holds what somebody is about to read, and no more than fits. */
  readonly isDurable: boolean;
  /** Sequence number of the first event to come. */
  readonly next: number;
}

/** What memory holds of a topic: what places have yet to read, and without a disk what is kept for replays. */
export class TopicMemory {
  readonly #rules: Pick<EmbeddedRules, 'keepEvents' | 'keepMs' | 'overflow'>;
  readonly #deps: TopicMemoryDeps;
  readonly #ring: EventRing;
  /** The least that any place needs, or less. */
  #needed = 0;

  constructor(rules: Pick<EmbeddedRules, 'keepEvents' | 'keepMs' | 'overflow'>, deps: TopicMemoryDeps) {
    this.#rules = rules;
    this.#deps = deps;
    this.#ring = new EventRing(deps.next);
  }

  get first(): number {
    return this.#ring.first;
  }

  get last(): number {
    return this.#ring.last;
  }

  at(seq: number): KeptEntry | undefined {
    return this.#ring.at(seq);
  }

  push(entry: KeptEntry): void {
    this.#ring.push(entry);
  }

  /** All there is, from the first that is told. */
  entries(from: (entry: KeptEntry) => boolean): KeptEntry[] {
    const found: KeptEntry[] = [];
    for (let seq = this.first; seq <= this.last; seq += 1) {
      const entry = this.at(seq);
      if (entry !== undefined && (found.length > 0 || from(entry))) found.push(entry);
    }
    return found;
  }

  /** Another place reads it. */
  added(place: GroupPlace): void {
    this.#needed = Math.min(this.#needed, place.needs);
  }

  /** Lets go of what is too old or too much, and read by all that it is held for. */
  retain(nowMs: number): void {
    const ring = this.#ring;
    while (ring.size > 0 && !this.#isKept(ring.at(ring.first), nowMs)) {
      if (ring.first >= this.#needed) {
        this.#needed = this.#least();
        if (ring.first >= this.#needed && !this.#isOverfull) return;
      }
      ring.shift();
    }
  }

  /** Whether it is held even if every group has it. */
  #isKept(oldest: KeptEntry | undefined, nowMs: number): boolean {
    if (this.#deps.isDurable || oldest === undefined) return false;
    const { keepEvents, keepMs = Infinity } = this.#rules;
    return this.#ring.size <= keepEvents && !(nowMs - oldest.takenMs > keepMs);
  }

  get #isOverfull(): boolean {
    return this.#deps.isDurable && this.#ring.size > this.#rules.overflow.maxUnhandled;
  }

  /** For a place that nobody waits for, so much is held, and no more. */
  #least(): number {
    const least = this.last - this.#rules.overflow.maxUnhandled + 1;
    let needed = Infinity;
    for (const { counts, needs } of this.#deps.places)
      needed = Math.min(needed, counts ? needs : Math.max(needs, least));
    return needed;
  }
}
