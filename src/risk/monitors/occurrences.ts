import { system } from '../../core/principal.ts';
import type { KillSwitch, TripOrder } from '../kill-switch.ts';

/**
 * Trips once for an occurrence, so that what a person has released stays released while it lasts; armed again when it is
 * over. A restart forgets: what lasts trips again.
 */
export class Occurrences {
  readonly #by: ReturnType<typeof system>;
  readonly #killSwitch: Pick<KillSwitch, 'trip'>;
  readonly #lasting = new Set<string>();

  /** @param monitor in whose name it trips */
  constructor(monitor: string, killSwitch: Pick<KillSwitch, 'trip'>) {
    this.#by = system(monitor);
    this.#killSwitch = killSwitch;
  }

  /** It lasts. `trip` is asked the first time only. */
  lasts(key: string, trip: () => Omit<TripOrder, 'by'>): void {
    if (this.#lasting.has(key)) return;
    const order = { ...trip(), by: this.#by }; // before it is remembered: what throws here comes back
    this.#lasting.add(key);
    void this.#killSwitch.trip(order);
  }

  /** It is over, or never was. */
  isOver(key: string): void {
    this.#lasting.delete(key);
  }

  keys(): Iterable<string> {
    return this.#lasting;
  }
}
