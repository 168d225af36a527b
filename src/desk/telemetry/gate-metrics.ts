import type { Counter, MetricsRegistry } from '../../telemetry/index.ts';
import type { GateCount } from '../../trading/gate-tally.ts';
import { GATE_EVALUATIONS, RISK_REJECTIONS } from './account-vocabulary.ts';

/** An engine that counts what its gates say. */
interface Engine {
  status(): readonly GateCount[];
}

export interface GateMetricsDeps {
  readonly metrics: MetricsRegistry;
  readonly guard: Engine;
  readonly policy: Engine;
}

/** What the gates of both engines have said, taken over at each scrape from what the engines count themselves. */
export class GateMetrics {
  readonly #deps: GateMetricsDeps;
  readonly #evaluations;
  readonly #rejections;
  /** What has been taken over, by metric and labels. */
  readonly #taken = new Map<string, number>();

  constructor(deps: GateMetricsDeps) {
    this.#deps = deps;
    this.#evaluations = deps.metrics.counter(GATE_EVALUATIONS);
    this.#rejections = deps.metrics.counter(RISK_REJECTIONS);
  }

  read(): void {
    const { guard, policy } = this.#deps;
    for (const count of guard.status()) {
      this.#evaluated(count);
      this.#take(this.#rejections, { limit: count.gate }, rejected(count));
    }
    for (const count of policy.status()) this.#evaluated(count);
  }

  #evaluated(count: GateCount): void {
    const { gate, checked, denied, reduced } = count;
    const told = {
      approve: checked - denied - reduced,
      reduce: reduced,
      reject: rejected(count),
      error: failed(count),
    };
    for (const decision of GATE_EVALUATIONS.labels.decision)
      this.#take(this.#evaluations, { gate, decision }, told[decision]);
  }

  /** Raises a counter to a total. What it was when the first scrape came is counted by it, too. */
  #take<L extends Readonly<Record<string, string>>>(counter: Counter<L>, labels: L, total: number): void {
    const key = Object.values(labels).join('\n');
    const more = total - (this.#taken.get(key) ?? 0);
    if (!(more >= 0)) return;
    this.#taken.set(key, total);
    (counter as Counter<Readonly<Record<string, string>>>).inc(labels, more);
  }
}

const failed = ({ reasons }: GateCount): number =>
  reasons.find(({ code }) => code === 'GATE_FAILED')?.count ?? 0;

const rejected = (count: GateCount): number => count.denied - failed(count);
