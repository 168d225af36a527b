import type { SeededRandom } from '../core/random.ts';
import type { MarketClimate } from './market-climate.ts';

const DAY_MS = 86_400_000;

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

export interface PricePathOptions {
  readonly stepMs: number;
  readonly dailyDriftFraction: number;
  /** Standard deviation of a day's return in the normal regime. */
  readonly dailyVolatilityFraction: number;
  /** How much of a crash it takes part in: 1 all of it, 0 nothing, -1 the same upwards. Default 1. */
  readonly crashLoading?: number;
}

/** The latent price of one instrument: a random walk with drift, whose volatility follows the climate of the market. */
export class PricePath {
  readonly #options: PricePathOptions;
  readonly #crashLoading: number;
  readonly #random: SeededRandom;
  /** Logarithm of the price in ticks, without the crash. */
  #walk: number;
  #spreadNoise = 0;

  constructor(options: PricePathOptions, startTicks: number, random: SeededRandom) {
    this.#options = options;
    this.#crashLoading = options.crashLoading ?? 1;
    this.#random = random;
    this.#walk = bounded(Math.log(startTicks));
  }

  /**
   * @param shock a draw from a standard normal distribution, of this step alone
   * @param volatilityFactor on the volatility of this step
   */
  step({ regime, hour, crash }: MarketClimate, shock: number, volatilityFactor = 1): MarketMood {
    const { stepMs, dailyVolatilityFraction, dailyDriftFraction } = this.#options;
    const loading = this.#crashLoading;
    const stress = crash.stress * Math.min(1, Math.abs(loading));
    const stepDays = stepMs / DAY_MS;
    const volatility =
      volatilityFactor *
      dailyVolatilityFraction *
      regime.volatility *
      (1 + stress) *
      Math.sqrt(hour * stepDays);
    this.#walk = bounded(
      this.#walk + dailyDriftFraction * stepDays - (volatility * volatility) / 2 + volatility * shock,
    );
    this.#spreadNoise = 0.95 * this.#spreadNoise + 0.1 * this.#random.normal();
    const pressure = 0.5 + 0.2 * shock;
    const push = crash.falling ? 0.3 * Math.sign(loading) : 0;
    return {
      mid: Math.exp(bounded(this.#walk + crash.shift * loading)),
      buying: Math.min(0.9, Math.max(0.1, pressure - push)),
      activity: hour * regime.activity * (1 + 2 * stress),
      spread: regime.spread * (1 + 7 * stress) * Math.exp(this.#spreadNoise),
      depth: regime.depth / (1 + 4 * stress),
    };
  }

  /** Moves the price at once by a fraction of it: -0.05 is 5 % down. From the next step on. */
  jump(fraction: number): void {
    this.#walk = bounded(this.#walk + Math.log(1 + fraction));
  }
}

const bounded = (logPrice: number): number => Math.min(HIGHEST, Math.max(LOWEST, logPrice));
