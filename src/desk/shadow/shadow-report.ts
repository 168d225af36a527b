import type { Denial, DenialCode } from '../../trading/denial.ts';
import type { OrderIntent } from '../../trading/order-intent.ts';

/** What the gates say to an order that another system has sent. */
export interface ShadowVerdict {
  /** When it was sent, wall time. */
  readonly atMs: number;
  readonly intent: OrderIntent;
  readonly decision: 'approved' | 'resized' | 'denied' | 'duplicate';
  /** Why not, or why less. */
  readonly denials: readonly Denial[];
  /** What would have gone, in lots; missing when nothing would. */
  readonly quantity?: number;
  /** The id under which the Book has it; missing when it could not be taken into the Book. */
  readonly clientOrderId?: string;
}

/** An order that a gate would have stopped or made smaller. */
export interface ShadowExample extends Pick<Denial, 'measured' | 'limit' | 'note'> {
  readonly atMs: number;
  readonly intent: OrderIntent;
  readonly decision: 'resized' | 'denied';
}

/** What one gate would have done, for one reason. */
export interface ShadowReason {
  readonly gate: string;
  readonly code: DenialCode;
  readonly denied: number;
  readonly resized: number;
  /** Those whose measure is furthest from its limit, as a ratio, the furthest first. */
  readonly worst: readonly ShadowExample[];
}

export interface ShadowReport {
  readonly orders: number;
  readonly approved: number;
  readonly resized: number;
  readonly denied: number;
  readonly duplicates: number;
  /** Orders that could not be taken into the Book: not to be read, or of no account. */
  readonly notTaken: number;
  /** Fills of orders that were never observed, booked under the strategy `external`. */
  readonly external: number;
  /** Other events of such orders. */
  readonly unknown: number;
  /** Events that should not have happened, by code. */
  readonly anomalies: Readonly<Record<string, number>>;
  /** The most frequent first. */
  readonly reasons: readonly ShadowReason[];
}

interface Example extends ShadowExample {
  readonly excess: number;
}

interface Reason {
  readonly gate: string;
  readonly code: DenialCode;
  denied: number;
  resized: number;
  worst: readonly Example[];
}

/** Counts verdicts by gate and code, and keeps the worst of each. */
export class ShadowCounts {
  readonly #examples: number;
  readonly #decisions = { approved: 0, resized: 0, denied: 0, duplicate: 0 };
  readonly #reasons = new Map<string, Reason>();
  readonly #anomalies = new Map<string, number>();
  #notTaken = 0;
  external = 0;
  unknown = 0;

  /** @param examples how many are kept of each gate and code */
  constructor(examples: number) {
    this.#examples = examples;
  }

  count(verdict: ShadowVerdict): void {
    const { decision, denials, clientOrderId } = verdict;
    this.#decisions[decision] += 1;
    if (clientOrderId === undefined) this.#notTaken += 1;
    if (decision !== 'denied' && decision !== 'resized') return;
    for (const denial of denials) this.#add(verdict, decision, denial);
  }

  anomaly(code: string): void {
    this.#anomalies.set(code, (this.#anomalies.get(code) ?? 0) + 1);
  }

  report(): ShadowReport {
    const { approved, resized, denied, duplicate } = this.#decisions;
    return {
      orders: approved + resized + denied + duplicate,
      approved,
      resized,
      denied,
      duplicates: duplicate,
      notTaken: this.#notTaken,
      external: this.external,
      unknown: this.unknown,
      anomalies: Object.fromEntries(this.#anomalies),
      reasons: Array.from(this.#reasons.values(), ({ worst, ...reason }) => ({
        ...reason,
        worst: worst.map(({ excess: _, ...example }) => example),
      })).sort((a, b) => b.denied + b.resized - a.denied - a.resized || (a.gate < b.gate ? -1 : 1)),
    };
  }

  #add({ atMs, intent }: ShadowVerdict, decision: 'resized' | 'denied', denial: Denial): void {
    const { gate, code, ...facts } = denial;
    const key = `${gate} ${code}`;
    const reason = this.#reasons.get(key) ?? { gate, code, denied: 0, resized: 0, worst: [] };
    reason[decision] += 1;
    const example = { atMs, intent, decision, ...facts, excess: excessOf(denial) };
    // Stable: of equals the first stays.
    reason.worst = [...reason.worst, example].sort((a, b) => b.excess - a.excess).slice(0, this.#examples);
    this.#reasons.set(key, reason);
  }
}

/** How far from its limit, as a ratio of 1 or more; 0 where nothing was measured, infinite where it is unknown. */
function excessOf({ measured, limit }: Denial): number {
  if (measured === undefined || limit === undefined) return 0;
  const [found, allowed] = [Math.abs(Number(measured)), Math.abs(Number(limit))];
  if (found === allowed) return 1;
  const ratio = found / allowed;
  return Number.isNaN(ratio) ? Infinity : Math.max(ratio, 1 / ratio);
}
