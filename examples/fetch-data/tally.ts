import type { DataResponse, Outcome } from 'portcullis/resilience';

const row = () => ({ calls: 0, l1: 0, l2: 0, origin: 0, stale: 0, failed: 0, retried: 0 });

/** What became of all calls, by who made them. */
export class Tally {
  readonly #rows = new Map<string, ReturnType<typeof row> & { readonly waitsMs: number[] }>();
  readonly #failures = new Map<string, number>();
  answered = 0;

  /** @param tookMs how long the caller waited, whatever came of it */
  count(caller: string, outcome: Outcome<DataResponse<unknown>>, tookMs: number): void {
    const counts = this.#rows.get(caller) ?? { ...row(), waitsMs: [] };
    this.#rows.set(caller, counts);
    counts.calls += 1;
    counts.waitsMs.push(tookMs);
    if (outcome.ok) {
      const { origin, attempts } = outcome.value.meta;
      counts[origin] += 1;
      if (attempts > 1) counts.retried += 1;
      this.answered += 1;
    } else {
      const { failure } = outcome;
      const code = failure.code === 'UPSTREAM_STATUS' ? `${failure.code} ${failure.status}` : failure.code;
      counts.failed += 1;
      this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
    }
  }

  /** `retried`: answered after more than one attempt. */
  lines(): readonly string[] {
    const rows = [...this.#rows].map(([caller, { calls, l1, origin, stale, failed, retried, waitsMs }]) => {
      const p = (quantile: number) => percentile(waitsMs, quantile).toFixed(0);
      return [caller, calls, l1, origin, stale, failed, retried, p(0.5), p(0.99)];
    });
    const head = ['', 'calls', 'l1', 'origin', 'stale', 'failed', 'retried', 'p50 ms', 'p99 ms'];
    const failed = [...this.#failures].map(([code, count]) => `${code} ${count}`).join(', ');
    return [...[head, ...rows].map(columns), '', `failed: ${failed || 'none'}`];
  }
}

const columns = ([caller = '', ...cells]: readonly (string | number)[]): string =>
  String(caller).padEnd(18) + cells.map((cell) => String(cell).padStart(9)).join('');

const percentile = (values: readonly number[], quantile: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(quantile * values.length) - 1] ?? NaN;
