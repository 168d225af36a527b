import type { StatsSample, VersionStats } from '../rollback/version-stats.ts';

/** Seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a service has answered on routes of its own since it started, for rollback triggers: an answer of 5xx is an error. */
export class RequestStats implements VersionStats {
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #errors = 0;
  #sumSeconds = 0;

  /** @param seconds from the head of the request to the end of its answer */
  count(isError: boolean, seconds: number): void {
    const at = BOUNDS.findIndex((bound) => seconds <= bound);
    const bucket = at === -1 ? BOUNDS.length : at;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumSeconds += seconds;
    if (isError) this.#errors += 1;
  }

  sample(): StatsSample {
    let total = 0;
    const cumulativeCounts = Array.from(this.#counts, (count) => (total += count));
    const latency = { upperBounds: [...BOUNDS], cumulativeCounts, sumSeconds: this.#sumSeconds };
    return { requests: total, errors: this.#errors, latency };
  }
}
