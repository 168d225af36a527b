import type { Clock } from '../../core/clock.ts';
import { orderingKey } from '../bus-event.ts';
import type { GroupPlace } from './group-place.ts';
import type { KeptEvent } from './kept-event.ts';
import type { SavedState } from './saved-state.ts';

export interface CarefulTriesDeps {
  readonly clock: Pick<Clock, 'deadline'>;
  readonly saved: SavedState;
  /** Something can be handed on. */
  readonly changed: () => void;
  /** It is to be handed on again: it is its group's no longer to wait for. */
  readonly giveBack: (place: GroupPlace, entry: KeptEvent) => void;
}

/** One that waits for its next attempt; others of its key wait with it. */
interface Resting {
  readonly place: GroupPlace;
  readonly member: object;
  readonly timer: Disposable;
}

/** Hands on the events of a group that are to be tried alone, each attempt after a note of it. */
export class CarefulTries {
  readonly #deps: CarefulTriesDeps;
  readonly #resting = new Map<KeptEvent, Resting>();
  /** Keys of those. */
  readonly #keys = new Set<string>();

  constructor(deps: CarefulTriesDeps) {
    this.#deps = deps;
  }

  /**
   * Whether an event may be handed on now, and how.
   *
   * @param isOwned whether one of its key is on its way
   * @returns `behind` for: once that one is through
   */
  admits(place: GroupPlace, entry: KeptEvent, isOwned: boolean): 'freely' | 'alone' | 'behind' | 'later' {
    const { careful, cursor } = place;
    if (careful === undefined || cursor === undefined) return 'freely';
    const how = careful.admits(entry.seq, cursor);
    if (how === 'saved') void this.#deps.saved.note(place).then(this.#deps.changed);
    if (how === 'later' || how === 'saved') return 'later';
    const isBehind = how === 'alone' ? isOwned : this.#keys.has(orderingKey(entry.event));
    return isBehind ? 'behind' : how;
  }

  /** Notes that one is tried. @param hand hands it on; `false` where nobody takes it any more */
  async begin(place: GroupPlace, entry: KeptEvent, hand: (entry: KeptEvent) => boolean): Promise<void> {
    const { saved, giveBack } = this.#deps;
    const { careful } = place;
    if (careful === undefined) return;
    const attempts = Math.max(entry.attempts, careful.attemptsOf(entry.seq));
    careful.begin(entry.seq);
    if ((await saved.note(place)) && hand(entry.tried(attempts))) return;
    careful.end(entry.seq, attempts);
    giveBack(place, entry);
  }

  /** An attempt has ended, if it was one. @param attempts where there will be more: those so far */
  end(place: GroupPlace | undefined, { seq }: KeptEvent, attempts = 0): boolean {
    const { saved, changed } = this.#deps;
    if (place?.careful?.end(seq, attempts) !== true) return false;
    // With the next one, where that follows at once.
    void saved.note(place);
    changed();
    return true;
  }

  /** One waits for its next attempt. */
  rest(place: GroupPlace, member: object, entry: KeptEvent, delayMs: number): void {
    const timer = this.#deps.clock.deadline(delayMs, () => {
      this.#wake(entry);
    });
    this.#resting.set(entry, { place, member, timer });
    this.#keys.add(orderingKey(entry.event));
  }

  /** A member stops: what waits does so for others. */
  stop(member: object): void {
    for (const [entry, resting] of this.#resting) if (resting.member === member) this.#wake(entry);
  }

  #wake(entry: KeptEvent): void {
    const resting = this.#resting.get(entry);
    if (resting === undefined) return;
    resting.timer[Symbol.dispose]();
    this.#resting.delete(entry);
    this.#keys.delete(orderingKey(entry.event));
    this.#deps.giveBack(resting.place, entry);
  }
}
