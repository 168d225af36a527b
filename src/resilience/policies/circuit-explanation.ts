import type { CallCounts } from './call-window.ts';
import type { CircuitOpening, CircuitStateName } from './circuit-state.ts';

/** Why a circuit is as it is. Times are Unix milliseconds. */
export interface CircuitExplanation {
  readonly name: string;
  readonly state: CircuitStateName;
  readonly sinceMs: number;
  /** Open: when a probe may go. Half-open: when the running probe is given up. Else it stays as it is until something happens. */
  readonly untilMs: number | undefined;
  /** Calls that count now; none while it is not closed. */
  readonly counts: CallCounts;
  readonly windowMs: number;
  /** It opens when the rate is this or more. */
  readonly failureRate: number;
  readonly minCalls: number;
  /** What opened it; only while it is open or half-open. */
  readonly opening: CircuitOpening | undefined;
  /** Why it is isolated. */
  readonly reason: string | undefined;
  /** All of this in one line. */
  readonly text: string;
}

type Facts = Omit<CircuitExplanation, 'text'>;

/** The same with its line of text. */
export const explained = (facts: Facts, nowMs: number): CircuitExplanation => ({
  ...facts,
  text: `${facts.name} has been ${facts.state} for ${ms(nowMs - facts.sinceMs)}${why(facts, nowMs)}`,
});

function why({ state, counts, opening, reason, untilMs, ...rules }: Facts, nowMs: number): string {
  const rule = `opens at ${percent(rules.failureRate)} of at least ${rules.minCalls}`;
  if (state === 'closed') return `: ${share(counts)} within ${ms(rules.windowMs)}; ${rule}`;
  if (opening === undefined) return `: ${reason ?? ''}`;
  return `, ${next(state, untilMs, nowMs)}: ${share(opening.counts)}, it ${rule}; ${probes(opening)} ${opening.cause.description}`;
}

function next(state: CircuitStateName, untilMs: number | undefined, nowMs: number): string {
  const isFree = untilMs === undefined || untilMs <= nowMs;
  if (isFree) return 'the next call is the probe';
  return state === 'open'
    ? `no probe for ${ms(untilMs - nowMs)}`
    : `its probe has ${ms(untilMs - nowMs)} left`;
}

const probes = ({ failedProbes }: CircuitOpening): string =>
  failedProbes === 0 ? 'last:' : `failed probes: ${failedProbes}, last:`;

/** What a window held: `12 of 20 calls failed, 3 were slow (75 %)`. */
const share = ({ calls, failed, slow, rate }: CallCounts): string =>
  `${failed} of ${calls} calls failed, ${slow} were slow (${percent(rate)})`;

const ms = (value: number): string => `${Math.round(value)} ms`;
const percent = (fraction: number): string => `${Number((fraction * 100).toFixed(1))} %`;
