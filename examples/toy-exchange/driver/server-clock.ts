import { type Clock, parseInput } from 'portcullis/core';
import { z } from 'zod';

const answer = z.object({ timeMs: z.number().min(0) });

/** How old an offset may become, and how long is waited after one that could not be measured, milliseconds. */
const REFRESH_MS = 60_000;
const AGAIN_MS = 1_000;
const TIMEOUT_MS = 1_000;

/**
 * The time at the exchange, by an offset. The first reading asks the exchange; later ones never wait: what has become old, or has
 * turned out wrong, is measured anew beside them.
 */
export class ServerClock {
  readonly #url: string;
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  #offsetMs: number | undefined;
  #measuring: Promise<void> | undefined;
  /** Monotonic. */
  #dueMs = 0;

  constructor(url: string, clock: Pick<Clock, 'nowMs' | 'monotonicMs'>) {
    this.#url = url;
    this.#clock = clock;
  }

  async nowMs(signal: AbortSignal): Promise<number> {
    if (this.#offsetMs === undefined) await this.#measure(signal);
    else if (this.#clock.monotonicMs() >= this.#dueMs) void this.#refresh();
    return this.#clock.nowMs() + (this.#offsetMs ?? NaN);
  }

  /** The offset is wrong. Resolves when it was measured anew, or could not be; until then readings go by what was known. */
  async renew(): Promise<void> {
    await this.#refresh();
  }

  #refresh(): Promise<void> {
    return (this.#measuring ??= this.#measure(AbortSignal.timeout(TIMEOUT_MS))
      .catch(() => {
        this.#dueMs = this.#clock.monotonicMs() + AGAIN_MS;
      })
      .finally(() => {
        this.#measuring = undefined;
      }));
  }

  async #measure(signal: AbortSignal): Promise<void> {
    const sentMs = this.#clock.monotonicMs();
    const response = await fetch(`${this.#url}/v1/time`, { signal });
    const { timeMs } = parseInput('GET /v1/time', answer, await response.json());
    const receivedMs = this.#clock.monotonicMs();
    // Half of the way there and back, so far as anybody can tell.
    const onTheWayMs = (receivedMs - sentMs) / 2;
    this.#offsetMs = timeMs + onTheWayMs - this.#clock.nowMs();
    this.#dueMs = receivedMs + REFRESH_MS;
  }
}
