import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import type { Call } from '../call.ts';
import type { Failure } from '../failure.ts';
import { type Failed, type Outcome, failed } from '../outcome.ts';
import { Policy, type Work } from '../policy.ts';
import { describeFailure } from '../resilience-error.ts';
import { systemRandom } from '../../core/backoff.ts';
import { CallWindow } from './call-window.ts';
import { type CircuitExplanation, explained } from './circuit-explanation.ts';
import { CircuitMetrics } from './circuit-metrics.ts';
import { type CircuitBreakerOptions, type CircuitRules, circuitBreakerSchema } from './circuit-options.ts';
import type {
  CircuitCause,
  CircuitHalfOpenState,
  CircuitOpenState,
  CircuitOpening,
  CircuitState,
  CircuitStateName,
} from './circuit-state.ts';

/** One change of state. */
export interface CircuitChange {
  readonly from: CircuitStateName;
  readonly to: CircuitStateName;
  readonly because:
    'failure-rate' | 'probe-due' | 'probe-failed' | 'probe-succeeded' | 'isolated' | 'released';
}

export interface CircuitBreakerDeps {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** For jitter: 0 or more, less than 1. */
  readonly random?: (() => number) | undefined;
  /** Is told each change within the tick. What it throws is dropped. */
  readonly onChange?: ((change: CircuitChange) => unknown) | undefined;
  readonly metrics?: Pick<MetricsRegistry, 'counter' | 'gauge'> | undefined;
}

/**
 * Asks an upstream no more once too many calls to it fail, and finds out with single probes when it is back. Calls that are
 * not let through get `CIRCUIT_OPEN` with the time to wait.
 *
 * Closed, it counts completed calls in a sliding window. A failure or a slow call opens it when at least `minCalls` have
 * been completed by then and (failed + slow) / completed is `failureRate` or more. Open, it lets nothing through for
 * `openMs`, less jitter. Half-open, one call at a time is the probe: success in time closes it with an empty window, failure
 * or a slow call opens it for twice as long, up to `maxOpenMs`.
 *
 * A failure counts as its `upstream` says: `failing` against it, `alive` as a success, `unknown` (aborted, refused on this
 * side) neither way; a probe with such an end leaves its place to the next call. Results of calls that began before the last
 * change of state do not count. Each attempt is a call: put it inside of retries.
 */
export class CircuitBreaker extends Policy {
  readonly #rules: CircuitRules;
  readonly #clock: CircuitBreakerDeps['clock'];
  readonly #random: () => number;
  readonly #onChange: CircuitBreakerDeps['onChange'];
  readonly #metrics: CircuitMetrics | undefined;
  readonly #window: CallWindow;
  readonly #timesCalls: boolean;
  #state: CircuitState;

  /** @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the registry has other metrics of these names */
  constructor(options: CircuitBreakerOptions, deps: CircuitBreakerDeps) {
    super();
    this.#rules = parseOptions('CircuitBreaker', circuitBreakerSchema, options);
    this.#clock = deps.clock;
    this.#random = deps.random ?? systemRandom;
    this.#onChange = deps.onChange;
    this.#metrics = deps.metrics && new CircuitMetrics(this.#rules.name, deps.metrics);
    this.#window = new CallWindow(this.#rules.windowMs);
    this.#timesCalls = this.#rules.slowCallMs < Infinity;
    this.#state = { kind: 'closed', sinceMs: this.#clock.monotonicMs() };
  }

  /** It stays `open` until a call is let through as a probe, also when the time for that has come. */
  get state(): CircuitStateName {
    return this.#state.kind;
  }

  run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    const state = this.#state;
    if (state.kind === 'closed') return this.#counted(state, work, call);
    const nowMs = this.#clock.monotonicMs();
    const freeInMs = freeAtMs(state) - nowMs;
    if (state.kind === 'isolated' || !(freeInMs <= 0)) return Promise.resolve(refused(state.kind, freeInMs));
    const probing: CircuitState = {
      kind: 'half-open',
      sinceMs: state.kind === 'half-open' ? state.sinceMs : nowMs,
      probe: {
        untilMs: nowMs + this.#rules.probeTimeoutMs,
        signal: call.signal,
        stats: call.stats,
        attempt: call.attempt,
      },
      opening: state.opening,
      openMs: state.openMs,
    };
    this.#become(probing, 'probe-due');
    return this.#state === probing ? this.#counted(probing, work, call) : this.run(work, call);
  }

  /**
   * Why an attempt that was let through, and has waited since, should not go after all: the circuit has opened or has been
   * isolated meanwhile, or another one is its probe. To be asked in the tick of the send, with the call as the innermost
   * policy sees it: an attempt is known by its `stats` and its number. A failure that comes of this counts neither way.
   */
  recheck({ stats, attempt }: Call): Failure | undefined {
    const state = this.#state;
    if (state.kind === 'closed') return undefined;
    const probe = state.kind === 'half-open' ? state.probe : undefined;
    return probe?.stats === stats && probe.attempt === attempt
      ? undefined
      : refused(state.kind, freeAtMs(state) - this.#clock.monotonicMs()).failure;
  }

  /** Why a call that came now would not be let through; undefined where it would. */
  refusal(): Failure | undefined {
    const state = this.#state;
    if (state.kind === 'closed') return undefined;
    const freeInMs = freeAtMs(state) - this.#clock.monotonicMs();
    return freeInMs > 0 ? refused(state.kind, freeInMs).failure : undefined;
  }

  /** Lets nothing through until `release()`, whatever calls that are under way come to. The last reason counts. */
  isolate(reason: string): void {
    const sinceMs = this.#state.kind === 'isolated' ? this.#state.sinceMs : this.#clock.monotonicMs();
    this.#become({ kind: 'isolated', sinceMs, reason }, 'isolated');
  }

  /** Closes an isolated circuit, with an empty window. Nothing to do when it is not isolated. */
  release(): void {
    if (this.#state.kind === 'isolated')
      this.#become({ kind: 'closed', sinceMs: this.#clock.monotonicMs() }, 'released');
  }

  /** Why it is as it is, in numbers and in one line. */
  explain(): CircuitExplanation {
    const state = this.#state;
    const { name, windowMs, failureRate, minCalls } = this.#rules;
    const [nowMs, wallMs] = [this.#clock.monotonicMs(), this.#clock.nowMs()];
    const untilMs = untilOf(state);
    return explained(
      {
        name,
        state: state.kind,
        sinceMs: wallMs - (nowMs - state.sinceMs),
        untilMs: untilMs === undefined ? undefined : wallMs + (untilMs - nowMs),
        counts: this.#window.counts(nowMs),
        windowMs,
        failureRate,
        minCalls,
        opening: 'opening' in state ? state.opening : undefined,
        reason: state.kind === 'isolated' ? state.reason : undefined,
      },
      wallMs,
    );
  }

  /** With `then`, not `await`: that saves a tenth of what a breaker adds to a call. */
  #counted<T>(began: CircuitState, work: Work<T>, call: Call): Promise<Outcome<T>> {
    const startedMs = this.#timesCalls ? this.#clock.monotonicMs() - call.stats.waitMs : 0;
    const onBroken = (error: unknown): never => {
      this.#freeProbe(began);
      throw error;
    };
    try {
      return work(call).then((outcome) => {
        if (this.#state === began) this.#settle(began, outcome, call, startedMs);
        return outcome;
      }, onBroken);
    } catch (error) {
      return onBroken(error);
    }
  }

  /** The probe says nothing of the upstream, such as when a policy further in breaks its promise not to throw. */
  #freeProbe(began: CircuitState): void {
    if (this.#state === began && began.kind === 'half-open') this.#state = { ...began, probe: undefined };
  }

  #settle(began: CircuitState, outcome: Outcome<unknown>, { stats }: Call, startedMs: number): void {
    const upstream = outcome.ok ? 'alive' : outcome.failure.upstream;
    if (upstream === 'unknown') {
      this.#freeProbe(began);
      return;
    }
    const nowMs = this.#clock.monotonicMs();
    // Waiting on this side, for a slot of a bulkhead, says nothing of the upstream.
    const tookMs = this.#timesCalls ? nowMs - stats.waitMs - startedMs : 0;
    if (upstream === 'alive' && tookMs <= this.#rules.slowCallMs) this.#inTime(began, nowMs);
    else this.#bad(began, outcome.ok || upstream === 'alive' ? tookMs : outcome.failure, nowMs);
  }

  #inTime(state: CircuitState, nowMs: number): void {
    if (state.kind === 'closed') this.#window.count('in-time', nowMs);
    else this.#become({ kind: 'closed', sinceMs: nowMs }, 'probe-succeeded');
  }

  /** @param what the failure, or how long a slow call took */
  #bad(state: CircuitState, what: Failure | number, nowMs: number): void {
    if (state.kind === 'half-open') {
      const { counts, failedProbes } = state.opening;
      const opening = { counts, cause: this.#causeOf(what), failedProbes: failedProbes + 1 };
      const openMs = Math.min(state.openMs * 2, this.#rules.maxOpenMs);
      this.#become(this.#openState(openMs, opening, nowMs), 'probe-failed');
      return;
    }
    const { failureRate, minCalls, openMs } = this.#rules;
    this.#window.count(typeof what === 'number' ? 'slow' : 'failed', nowMs);
    if (!this.#window.reaches(failureRate, minCalls, nowMs)) return;
    const opening = { counts: this.#window.counts(nowMs), cause: this.#causeOf(what), failedProbes: 0 };
    this.#become(this.#openState(openMs, opening, nowMs), 'failure-rate');
  }

  #openState(openMs: number, opening: CircuitOpening, nowMs: number): CircuitOpenState {
    const untilMs = nowMs + openMs * (1 - this.#rules.jitterFraction * this.#random());
    return { kind: 'open', sinceMs: nowMs, untilMs, openMs, opening };
  }

  #causeOf(what: Failure | number): CircuitCause {
    if (typeof what !== 'number') return { code: what.code, description: describeFailure(what) };
    const description = `it took ${Math.round(what)} ms, more than ${this.#rules.slowCallMs} ms`;
    return { code: 'SLOW_CALL', description };
  }

  #become(next: CircuitState, because: CircuitChange['because']): void {
    const from = this.#state.kind;
    this.#state = next;
    const to = next.kind;
    if (from === to) return;
    this.#window.clear();
    this.#metrics?.became(to);
    if (this.#onChange !== undefined) tell(this.#onChange, { from, to, because });
  }
}

/** When the next probe may go, Infinity for not by itself. */
function freeAtMs(state: Exclude<CircuitState, { kind: 'closed' }>): number {
  if (state.kind === 'isolated') return Infinity;
  if (state.kind === 'open') return state.untilMs;
  return isRunning(state.probe) ? state.probe.untilMs : -Infinity;
}

const isRunning = (
  probe: CircuitHalfOpenState['probe'],
): probe is NonNullable<CircuitHalfOpenState['probe']> =>
  probe !== undefined && probe.signal?.aborted !== true;

function untilOf(state: CircuitState): number | undefined {
  if (state.kind === 'open') return state.untilMs;
  return state.kind === 'half-open' && isRunning(state.probe) ? state.probe.untilMs : undefined;
}

const refused = (state: 'open' | 'half-open' | 'isolated', freeInMs: number): Failed =>
  failed({
    code: 'CIRCUIT_OPEN',
    upstream: 'unknown',
    mayRetry: false,
    retryAfterMs: freeInMs < Infinity ? freeInMs : undefined,
    state,
  });

function tell(onChange: NonNullable<CircuitBreakerDeps['onChange']>, change: CircuitChange): void {
  try {
    const answer = onChange(change);
    if (answer instanceof Promise) answer.catch(() => undefined);
  } catch {
    // The call goes on as if nobody had listened.
  }
}
