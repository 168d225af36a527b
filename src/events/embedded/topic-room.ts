import type { TopicCounts } from './embedded-counts.ts';
import type { EmbeddedRules } from './embedded-options.ts';
import type { GroupPlace } from './group-place.ts';

/** A topic, as far as it matters for room. */
export interface RoomLog {
  readonly places: ReadonlySet<GroupPlace>;
  /** Of the newest that was taken, on its way to disk included. */
  readonly taken: number;
  /** Of the newest that may be handed on. */
  readonly last: number;
}

/** Whether a topic has room for more, by what its slowest group has not handled. */
export class TopicRoom {
  readonly #overflow: EmbeddedRules['overflow'];
  readonly #log: RoomLog;
  readonly #counts: TopicCounts;
  /** There is room for all up to this one. */
  #until = 0;
  /** Nobody has more before it than is kept, up to this one. */
  #dropFrom = 0;

  constructor(overflow: EmbeddedRules['overflow'], log: RoomLog, counts: TopicCounts) {
    this.#overflow = overflow;
    this.#log = log;
    this.#counts = counts;
  }

  /** Whether there is for one more. */
  get isThere(): boolean {
    return this.#log.taken < this.#until || this.#look();
  }

  /** Whether the newest that was taken waits on disk, beyond what waits elsewhere. */
  get isSpilling(): boolean {
    return this.#overflow.policy === 'spill' && this.#log.taken > this.#until;
  }

  /** Events that wait on disk, beyond what waits elsewhere. */
  get spilled(): number {
    const { policy, maxUnhandled } = this.#overflow;
    return policy === 'spill' ? Math.max(0, this.#slowest(({ unhandled }) => unhandled) - maxUnhandled) : 0;
  }

  /** Other places read the topic now. */
  placesChanged(): void {
    this.#until = 0;
    this.#dropFrom = 0;
  }

  /** Why there is none. */
  describe(): string {
    let slowest: GroupPlace | undefined;
    for (const place of this.#log.places)
      if (place.counts && place.unhandled > (slowest?.unhandled ?? 0)) slowest = place;
    return slowest === undefined
      ? 'the disk does not keep up'
      : `group ${slowest.group} has ${slowest.unhandled} unhandled events of ${slowest.topic.name}`;
  }

  /** Makes room after the newest by dropping the oldest. Those that a member has are not given up. */
  dropOldest(): void {
    const { policy, maxUnhandled } = this.#overflow;
    if (policy !== 'drop-oldest' || this.#log.last <= this.#dropFrom) return;
    for (const place of this.#log.places) {
      if (!place.counts || place.lag <= maxUnhandled) continue;
      place.sift();
      while (place.lag > maxUnhandled && place.dropOldest()) this.#counts.lost(place.group, 'dropped', 1);
    }
    this.#dropFrom = this.#log.last + maxUnhandled - this.#slowest(({ lag }) => lag);
  }

  /** What is on its way to disk counts with all. */
  #look(): boolean {
    const { policy, maxUnhandled, maxSpilled } = this.#overflow;
    const { taken, last } = this.#log;
    const slowest = policy === 'drop-oldest' ? 0 : this.#slowest(({ unhandled }) => unhandled);
    const unhandled = slowest + taken - last;
    this.#until = taken + Math.max(0, maxUnhandled - unhandled);
    return taken < this.#until || (policy === 'spill' && unhandled < maxSpilled);
  }

  #slowest(of: (place: GroupPlace) => number): number {
    let slowest = 0;
    for (const place of this.#log.places) if (place.counts) slowest = Math.max(slowest, of(place));
    return slowest;
  }
}
