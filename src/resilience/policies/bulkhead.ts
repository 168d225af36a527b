import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import { isAborted } from '../call-within.ts';
import type { Call } from '../call.ts';
import { type BulkheadFull, type Failure, aborted } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';
import { Policy, type Work } from '../policy.ts';
import { BulkheadMetrics } from './bulkhead-metrics.ts';
import { KeptPlaces } from './kept-places.ts';
import type { Room } from './room.ts';
import { WaitingLine } from './waiting-line.ts';

const schema = z.strictObject({
  /** Works that run at a time, 1 or more. */
  maxConcurrent: z.int().min(1),
  /** Calls that may wait at a time. */
  maxQueued: z.int().min(0).default(0),
  /** How long a call may wait. Default: as long as its deadline allows. */
  maxWaitMs: z.number().min(0).optional(),
  /** Each such time of waiting lifts a call by one priority. */
  ageingMs: z.number().min(1).default(2_000),
  /** The `target` in metrics. */
  name: z.string().min(1).default('bulkhead'),
});

/** @interface */
export type BulkheadOptions = z.input<typeof schema>;

export interface BulkheadDeps {
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  /** Asked about a call that had to wait, when it gets its slot: a failure ends it there, such as that of a circuit that has opened meanwhile. */
  readonly recheck?: ((call: Call) => Failure | undefined) | undefined;
  /** Called whenever there is room for a call and nobody waits here, such as for a limiter that waits for it. */
  readonly onFree?: (() => void) | undefined;
  readonly metrics?: Pick<MetricsRegistry, 'counter' | 'gauge'> | undefined;
}

export interface BulkheadStatus {
  /** Slots that are taken, at most `maxConcurrent`. */
  readonly running: number;
  /** Those of them whose work was given up and still runs. */
  readonly abandoned: number;
  /** Calls that wait for a slot. */
  readonly waiting: number;
}

/**
 * Lets at most `maxConcurrent` works run at a time. Work that was given up keeps its slot until it has really ended: a server
 * that hangs gets no more than that, whatever times out. The others wait, the most urgent first, or get `BULKHEAD_FULL`; in
 * a full line a more urgent newcomer takes the place of the last.
 *
 * It is the `room` of a rate limiter outside of it: then calls wait there, and whoever has been let go finds a slot.
 */
export class Bulkhead extends Policy implements Room {
  readonly #maxConcurrent: number;
  readonly #maxWaitMs: number;
  readonly #line: WaitingLine;
  readonly #metrics: BulkheadMetrics | undefined;
  readonly #recheck: BulkheadDeps['recheck'];
  readonly #onFree: BulkheadDeps['onFree'];
  readonly #kept = new KeptPlaces();
  #running = 0;
  #abandoned = 0;
  readonly #onEnd = <T>(outcome: Outcome<T>): Outcome<T> => {
    const stillRunning = outcome.ok ? undefined : outcome.failure.stillRunning;
    if (stillRunning === undefined) this.#leave();
    else this.#abandon(stillRunning);
    return outcome;
  };
  readonly #onBroken = (error: unknown): never => {
    this.#leave();
    throw error;
  };

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: BulkheadOptions, { clock, recheck, onFree, metrics }: BulkheadDeps) {
    super();
    const parsed = parseOptions('Bulkhead', schema, options);
    const { maxConcurrent, maxWaitMs = Infinity, maxQueued, ageingMs, name } = parsed;
    this.#maxConcurrent = maxConcurrent;
    this.#maxWaitMs = maxWaitMs;
    this.#recheck = recheck;
    this.#onFree = onFree;
    this.#metrics = metrics && new BulkheadMetrics(name, metrics);
    this.#line = new WaitingLine({ maxQueued, ageingMs }, clock, {
      shutUntilMs: () => -Infinity,
      opensMs: (_call, nowMs) => (this.hasRoom() ? nowMs : undefined),
      enter: () => {
        this.#enter();
      },
      refuse: () => this.#refuse(),
    });
  }

  run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    if (isAborted(call)) return Promise.resolve(failed(aborted(call.signal)));
    // Whoever waits has been let in before a slot is free.
    if (!this.#kept.take(call) && !this.hasRoom()) return this.#runLater(work, call);
    this.#enter();
    return this.#runNow(work, call);
  }

  status(): BulkheadStatus {
    return { running: this.#running, abandoned: this.#abandoned, waiting: this.#line.length };
  }

  /** Whether there is a slot for one more call, which nobody has and which is kept for nobody. */
  hasRoom(): boolean {
    return this.#running + this.#kept.count < this.#maxConcurrent;
  }

  begin(call: Call): void {
    this.#kept.begin(call);
  }

  keep(call: Call): void {
    this.#kept.keep(call);
  }

  end(call: Call): void {
    if (this.#kept.end(call)) this.#free();
  }

  async #runLater<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    const nowMs = this.#line.now();
    const giveUpMs = Math.min(nowMs + this.#maxWaitMs, call.deadlineMs);
    if (!(giveUpMs > nowMs)) return failed(this.#refuse());
    this.#metrics?.waiting.add(1);
    const failure = await this.#line.join(call, nowMs, giveUpMs);
    this.#metrics?.waiting.add(-1);
    if (failure !== undefined) return failed(failure);
    const refusal = this.#recheck?.(call);
    if (refusal === undefined) return this.#runNow(work, call);
    this.#leave();
    return failed(refusal);
  }

  /** Runs in a slot that is taken already. Work that breaks its promise not to throw loses no slot either. */
  #runNow<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    try {
      return work(call).then(this.#onEnd, this.#onBroken);
    } catch (error) {
      return this.#onBroken(error);
    }
  }

  #abandon(stillRunning: Promise<void>): void {
    this.#abandoned += 1;
    this.#metrics?.abandoned.add(1);
    const onEnded = (): void => {
      this.#abandoned -= 1;
      this.#metrics?.abandoned.add(-1);
      this.#leave();
    };
    void stillRunning.then(onEnded, onEnded);
  }

  #enter(): void {
    this.#running += 1;
    this.#metrics?.running.add(1);
  }

  #leave(): void {
    this.#running -= 1;
    this.#metrics?.running.add(-1);
    this.#free();
  }

  #free(): void {
    if (this.#line.length > 0) this.#line.serve(this.#line.now());
    if (this.hasRoom()) this.#onFree?.();
  }

  #refuse(): BulkheadFull {
    this.#metrics?.rejections.inc();
    return {
      code: 'BULKHEAD_FULL',
      upstream: 'unknown',
      mayRetry: false,
      running: this.#running,
      waiting: this.#line.length,
    };
  }
}
