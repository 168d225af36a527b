import type { SeededRandom } from '../core/random.ts';

const MINUTE_MS = 60_000;

/** A mood of the market that lasts for a while; factors are relative to the normal one. */
export interface Regime {
  readonly name: 'calm' | 'normal' | 'wild';
  readonly volatility: number;
  readonly spread: number;
  readonly depth: number;
  readonly activity: number;
  /** Mean duration. */
  readonly meanMs: number;
  /** Where it leads, with probabilities that add up to 1. */
  readonly next: readonly (readonly [Regime['name'], number])[];
}

export const REGIMES: Readonly<Record<Regime['name'], Regime>> = {
  calm: {
    name: 'calm',
    volatility: 0.5,
    spread: 0.8,
    depth: 1.4,
    activity: 0.7,
    meanMs: 240 * MINUTE_MS,
    next: [
      ['normal', 0.9],
      ['wild', 0.1],
    ],
  },
  normal: {
    name: 'normal',
    volatility: 1,
    spread: 1,
    depth: 1,
    activity: 1,
    meanMs: 180 * MINUTE_MS,
    next: [
      ['calm', 0.6],
      ['wild', 0.4],
    ],
  },
  wild: {
    name: 'wild',
    volatility: 2.2,
    spread: 2,
    depth: 0.5,
    activity: 1.8,
    meanMs: 45 * MINUTE_MS,
    next: [
      ['normal', 0.8],
      ['calm', 0.2],
    ],
  },
};

/** The regime after one more step: a Markov chain. */
export function nextRegime(regime: Regime, stepMs: number, random: SeededRandom): Regime {
  if (random.next() >= stepMs / regime.meanMs) return regime;
  let left = random.next();
  const next = regime.next.find(([, probability]) => (left -= probability) < 0);
  return next === undefined ? regime : REGIMES[next[0]];
}
