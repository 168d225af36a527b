import type { Gauge, MetricsRegistry } from '../../telemetry/index.ts';

const IN_FLIGHT = {
  name: 'http_requests_in_flight',
  help: 'Requests that are under way: not answered yet, or with a handler that still runs.',
} as const;

/** A request under way. It is over when all that holds it has let go. */
export interface HeldRequest {
  /** Gives what lets go; once is enough. */
  hold(): () => void;
}

/** Counts requests under way. One that its client has left is under way while its handler runs. */
export class InFlight {
  readonly #gauge: Gauge<object>;
  #count = 0;
  #ending: (() => void)[] = [];

  constructor(metrics: MetricsRegistry) {
    this.#gauge = metrics.gauge(IN_FLIGHT);
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#ending.push(resolve));
  }

  begin(): HeldRequest {
    let holders = 0;
    return {
      hold: () => {
        let isHeld = true;
        if (++holders === 1) this.#step(1);
        return () => {
          if (!isHeld) return;
          isHeld = false;
          if (--holders === 0) this.#step(-1);
        };
      },
    };
  }

  #step(by: 1 | -1): void {
    this.#count += by;
    // Added, not set: another listener counts on the same gauge.
    this.#gauge.add(by);
    if (this.#count > 0) return;
    const ending = this.#ending;
    this.#ending = [];
    for (const resolve of ending) resolve();
  }
}
