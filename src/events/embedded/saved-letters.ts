import type { DeadLetter } from '../event-bus.ts';
import type { GroupPlace } from './group-place.ts';

/** Dead letters where they outlive the process. */
export interface SavedLetters {
  /** Writes a letter and, with it, that the place has acknowledged its event. Tries until it can; never rejects. */
  add(letter: DeadLetter, place: GroupPlace, seq: number): Promise<void>;
  /** @throws {PortcullisError} `STORE_UNAVAILABLE` */
  remove(letters: readonly DeadLetter[]): Promise<void>;
}
