import type { Clock } from '../core/clock.ts';
import type { BoundCounter, BoundHistogram, MetricsRegistry } from '../telemetry/index.ts';
import { BUS_DEAD_LETTERS, BUS_HANDLED, BUS_HANDLER_DURATION } from './bus-metrics.ts';
import type { Delivery } from './delivery.ts';
import type { DeadReason } from './dead-letter.ts';
import type { MemberDeps } from './member-deps.ts';

/** How an attempt has ended. */
export type AttemptOutcome = (typeof BUS_HANDLED.labels.outcome)[number];

/** Of attempts that end within the call one in so many is timed: the clock costs as much as all the rest. */
const SAMPLE = 64;

/**
 * What a member counts. The histogram of durations holds all attempts that return a promise, and each 64th of the others.
 * The first promise after others is timed from when it was returned.
 */
export class MemberMetrics {
  readonly #clock: Clock;
  readonly #handled: Readonly<Record<AttemptOutcome, BoundCounter>>;
  readonly #duration: BoundHistogram;
  readonly #died: (reason: DeadReason) => void;
  #untilSample = 0;
  #isPromiseExpected = false;

  constructor(
    {
      bus,
      group,
      isReplay = false,
      clock,
    }: Pick<MemberDeps<Delivery>, 'bus' | 'group' | 'isReplay' | 'clock'>,
    registry: MetricsRegistry,
  ) {
    // The name of a replay is another one each time: a series of its own would stay for ever.
    const labels = { bus, group: isReplay ? 'replay' : group };
    const handled = registry.counter(BUS_HANDLED);
    const deadLetters = registry.counter(BUS_DEAD_LETTERS);
    this.#clock = clock;
    this.#handled = {
      done: handled.bind({ ...labels, outcome: 'done' }),
      failed: handled.bind({ ...labels, outcome: 'failed' }),
      'timed-out': handled.bind({ ...labels, outcome: 'timed-out' }),
      dead: handled.bind({ ...labels, outcome: 'dead' }),
    };
    this.#duration = registry.histogram(BUS_HANDLER_DURATION).bind(labels);
    this.#died = (reason) => {
      if (!isReplay) deadLetters.inc({ ...labels, reason });
    };
  }

  /** Before a handler is called: monotonic milliseconds, or `NaN` for an attempt that is not timed. */
  begin(): number {
    if (this.#isPromiseExpected) return this.#clock.monotonicMs();
    this.#untilSample -= 1;
    if (this.#untilSample > 0) return NaN;
    this.#untilSample = SAMPLE;
    return this.#clock.monotonicMs();
  }

  /** It has returned a promise; gives when it began. */
  goesOn(startMs: number): number {
    this.#isPromiseExpected = true;
    return startMs >= 0 ? startMs : this.#clock.monotonicMs();
  }

  /** It has ended within the call. */
  endedAtOnce(outcome: AttemptOutcome, startMs: number): void {
    this.#isPromiseExpected = false;
    if (startMs >= 0) this.ended(outcome, startMs);
    else this.#handled[outcome].inc();
  }

  ended(outcome: AttemptOutcome, startMs: number): void {
    this.#handled[outcome].inc();
    this.#duration.observe((this.#clock.monotonicMs() - startMs) / 1000);
  }

  died(reason: DeadReason): void {
    this.#died(reason);
  }
}
