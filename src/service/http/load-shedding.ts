// eslint-disable-next-line no-restricted-imports -- measures the event loop, tells no time
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../../core/clock.ts';
import type { Counter, LabelsOf, MetricsRegistry } from '../../telemetry/index.ts';

const REASONS = ['in_flight', 'event_loop'] as const;
export type ShedReason = (typeof REASONS)[number];

const SHED = {
  name: 'trading_load_shed_total',
  help: 'Requests that were turned away because the service had too much to do.',
  labels: { reason: REASONS },
} as const;

const EVENT_LOOP_DELAY = {
  name: 'service_event_loop_delay_seconds',
  help: 'Mean delay of the event loop over the last half second.',
} as const;

const SAMPLE_MS = 500;
const RESOLUTION_MS = 20;

export interface LoadLimits {
  /** Requests at the same time. */
  readonly maxInFlight: number;
  /** Mean delay of the event loop over half a second. */
  readonly maxEventLoopDelayMs: number;
}

/** Mean delay of the event loop since the last look, in milliseconds, without the resolution it is measured with. */
export type LoopDelay = () => number;

/** Says when a service has too much to do: better a quick 503 that a load balancer can act on than an answer nobody waits for. */
export class LoadShedding {
  readonly #limits: LoadLimits;
  readonly #shed: Counter<LabelsOf<typeof SHED.labels>>;
  readonly #sampling: Disposable;
  #delayMs = 0;

  constructor(
    limits: LoadLimits,
    deps: { readonly clock: Clock; readonly metrics: MetricsRegistry; readonly loopDelay: LoopDelay },
  ) {
    this.#limits = limits;
    this.#shed = deps.metrics.counter(SHED);
    const gauge = deps.metrics.gauge(EVENT_LOOP_DELAY);
    this.#sampling = deps.clock.every(SAMPLE_MS, () => {
      this.#delayMs = deps.loopDelay();
      gauge.set(this.#delayMs / 1000);
    });
  }

  /** Why a further request is turned away, if it is; counted. */
  refuses(inFlight: number): ShedReason | undefined {
    const reason =
      inFlight > this.#limits.maxInFlight
        ? 'in_flight'
        : this.#delayMs > this.#limits.maxEventLoopDelayMs
          ? 'event_loop'
          : undefined;
    if (reason !== undefined) this.#shed.inc({ reason });
    return reason;
  }

  [Symbol.dispose](): void {
    this.#sampling[Symbol.dispose]();
  }
}

/** Measures the event loop of this thread, until disposed. */
export function measureLoopDelay(): LoopDelay & Disposable {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let delayMs = 0;
  const read = (): number => {
    // It measures from one tick to the next. Where there were not two, the loop was blocked: the next look will tell, since
    // nothing is reset before that.
    if (histogram.count === 0) return delayMs;
    delayMs = Math.max(0, histogram.mean / 1e6 - RESOLUTION_MS);
    histogram.reset();
    return delayMs;
  };
  return Object.assign(read, {
    [Symbol.dispose]: () => {
      histogram.disable();
    },
  });
}
