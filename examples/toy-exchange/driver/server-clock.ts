import { type Clock, parseInput } from 'portcullis/core';
import { z } from 'zod';

const answer = z.object({ timeMs: z.number().min(0) });

/** The time at the exchange, by an offset that is asked for once and again when it has turned out wrong. */
export class ServerClock {
  readonly #url: string;
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  #offsetMs: number | undefined;

  constructor(url: string, clock: Pick<Clock, 'nowMs' | 'monotonicMs'>) {
    this.#url = url;
    this.#clock = clock;
  }

  async nowMs(signal: AbortSignal): Promise<number> {
    this.#offsetMs ??= await this.#measure(signal);
    return this.#clock.nowMs() + this.#offsetMs;
  }

  /** The next reading asks the exchange. */
  forget(): void {
    this.#offsetMs = undefined;
  }

  async #measure(signal: AbortSignal): Promise<number> {
    const sentMs = this.#clock.monotonicMs();
    const response = await fetch(`${this.#url}/v1/time`, { signal });
    const { timeMs } = parseInput('GET /v1/time', answer, await response.json());
    // Half of the way there and back, so far as anybody can tell.
    const onTheWayMs = (this.#clock.monotonicMs() - sentMs) / 2;
    return timeMs + onTheWayMs - this.#clock.nowMs();
  }
}
