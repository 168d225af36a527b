import type { SeededRandom } from '../core/random.ts';
import { type CrashState, crashState } from './crash.ts';
import { REGIMES, type Regime, nextRegime } from './regime.ts';
import type { SimulatedMarketSettings } from './simulated-market-options.ts';

const DAY_MS = 86_400_000;
const BUSIEST_HOUR = 15;

/** Prices stay between these, in ticks, whatever the options. */
const LOWEST = Math.log(4);
const HIGHEST = Math.log(1e12);

/** The market at one step, before anybody quotes. */
export interface MarketMood {
  /** The price around which is quoted, in ticks, not on the grid. */
  readonly mid: number;
  /** Probability that a taker buys. */
  readonly buying: number;
  /** Relative to a normal hour: how much happens, how wide the spread, how deep the book. */
  readonly activity: number;
  readonly spread: number;
  readonly depth: number;
}

/** The latent price: a random walk with drift whose volatility follows regime, hour and stress, and one crash. */
export class PricePath {
  readonly #settings: SimulatedMarketSettings;
  readonly #random: SeededRandom;
  readonly #crashMs: number;
  #regime: Regime = REGIMES.normal;
  /** Logarithm of the price in ticks, without the crash. */
  #walk: number;
  #spreadNoise = 0;

  constructor(settings: SimulatedMarketSettings, startTicks: number, random: SeededRandom) {
    this.#settings = settings;
    this.#random = random;
    this.#walk = bounded(Math.log(startTicks));
    const { crash, startMs, days } = settings;
    this.#crashMs = crash === 'none' ? Infinity : startMs + crash.atFraction * days * DAY_MS;
  }

  step(atMs: number): MarketMood {
    const { stepMs, dailyVolatilityFraction, dailyDriftFraction, crash } = this.#settings;
    const random = this.#random;
    this.#regime = nextRegime(this.#regime, stepMs, random);
    const regime = this.#regime;
    const hour = hourOfActivity(atMs);
    const { shift, stress, falling }: CrashState =
      crash === 'none' ? { shift: 0, stress: 0, falling: false } : crashState(crash, atMs - this.#crashMs);

    const stepDays = stepMs / DAY_MS;
    const volatility =
      dailyVolatilityFraction * regime.volatility * (1 + stress) * Math.sqrt(hour * stepDays);
    const shock = random.normal();
    this.#walk = bounded(
      this.#walk + dailyDriftFraction * stepDays - (volatility * volatility) / 2 + volatility * shock,
    );
    this.#spreadNoise = 0.95 * this.#spreadNoise + 0.1 * random.normal();
    const pressure = 0.5 + 0.2 * shock;
    return {
      mid: Math.exp(bounded(this.#walk + shift)),
      buying: Math.min(0.9, Math.max(0.1, falling ? pressure - 0.3 : pressure)),
      activity: hour * regime.activity * (1 + 2 * stress),
      spread: regime.spread * (1 + 7 * stress) * Math.exp(this.#spreadNoise),
      depth: regime.depth / (1 + 4 * stress),
    };
  }
}

/** From 0.4 in the quiet to 1.6 in the busy hours (UTC). */
const hourOfActivity = (atMs: number): number => {
  const hour = (atMs % DAY_MS) / (DAY_MS / 24);
  return 1 + 0.6 * Math.cos((2 * Math.PI * (hour - BUSIEST_HOUR)) / 24);
};

const bounded = (logPrice: number): number => Math.min(HIGHEST, Math.max(LOWEST, logPrice));
