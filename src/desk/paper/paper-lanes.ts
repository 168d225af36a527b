import type { Clock } from '../../core/clock.ts';

interface Lane {
  /** Monotonic time at which the last one arrives. */
  dueMs: number;
  readonly underWay: (() => void)[];
}

/** One direction of a connection: everything takes its own time, but what is in one lane never overtakes. */
export class PaperLanes {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  readonly #lanes = new Map<string, Lane>();

  constructor(clock: Pick<Clock, 'monotonicMs' | 'deadline'>) {
    this.#clock = clock;
  }

  /** @param name of the lane; `undefined` goes by itself */
  send(delayMs: number, name: string | undefined, arrive: () => void): void {
    if (name === undefined) {
      this.#clock.deadline(delayMs, arrive);
      return;
    }
    const nowMs = this.#clock.monotonicMs();
    const lane = this.#lanes.get(name) ?? { dueMs: -Infinity, underWay: [] };
    this.#lanes.set(name, lane);
    const waitsMs = nowMs + delayMs >= lane.dueMs ? delayMs : lane.dueMs - nowMs;
    lane.dueMs = nowMs + waitsMs;
    lane.underWay.push(arrive);
    // Whichever timer is first: the eldest arrives.
    this.#clock.deadline(waitsMs, () => {
      const eldest = lane.underWay.shift();
      if (lane.underWay.length === 0) this.#lanes.delete(name);
      eldest?.();
    });
  }
}
