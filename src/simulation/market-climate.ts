import type { z } from 'zod';
import type { SeededRandom } from '../core/random.ts';
import { type CrashState, type crashSchema, crashState } from './crash.ts';
import { REGIMES, type Regime, nextRegime } from './regime.ts';

const DAY_MS = 86_400_000;
const BUSIEST_HOUR = 15;
const NO_CRASH: CrashState = { shift: 0, stress: 0, falling: false };

/** What all instruments of a market have in common at one step. */
export interface MarketClimate {
  readonly regime: Regime;
  /** How much happens at this hour of the day: 0.4 in the quiet to 1.6 in the busy ones. */
  readonly hour: number;
  readonly crash: CrashState;
}

export interface ClimateOptions {
  readonly startMs: number;
  readonly days: number;
  readonly stepMs: number;
  readonly crash: z.output<typeof crashSchema> | 'none';
}

/** Regimes that follow on one another, the hours of the day (UTC), and one crash. */
export class ClimatePath {
  readonly #options: ClimateOptions;
  readonly #random: SeededRandom;
  readonly #crashMs: number;
  #regime: Regime = REGIMES.normal;

  constructor(options: ClimateOptions, random: SeededRandom) {
    this.#options = options;
    this.#random = random;
    const { crash, startMs, days } = options;
    this.#crashMs = crash === 'none' ? Infinity : startMs + crash.atFraction * days * DAY_MS;
  }

  step(atMs: number): MarketClimate {
    const { stepMs, crash } = this.#options;
    this.#regime = nextRegime(this.#regime, stepMs, this.#random);
    return {
      regime: this.#regime,
      hour: hourOfActivity(atMs),
      crash: crash === 'none' ? NO_CRASH : crashState(crash, atMs - this.#crashMs),
    };
  }
}

const hourOfActivity = (atMs: number): number => {
  const hour = (atMs % DAY_MS) / (DAY_MS / 24);
  return 1 + 0.6 * Math.cos((2 * Math.PI * (hour - BUSIEST_HOUR)) / 24);
};
