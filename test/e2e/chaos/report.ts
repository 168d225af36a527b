import type { ChaosRun } from './chaos.ts';
import { check } from './check/check.ts';
import type { CheckResult } from './check/evidence.ts';

interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What `npm run chaos` prints and writes as JSON. */
export interface ChaosReport {
  readonly seed: number;
  readonly postgres: boolean;
  readonly defect?: string;
  readonly rounds: number;
  readonly faults: Readonly<Record<string, number>>;
  /** From the end of the trading process to the first order that another one has answered. */
  readonly takeoverMs: Spread;
  /** From the end of a fault until all was ready and an order was answered. */
  readonly recoveryMs: Spread;
  readonly checks: readonly CheckResult[];
  readonly violations: number;
  readonly tookMs: number;
}

export function chaosReport(
  { rounds, evidence }: ChaosRun,
  about: Pick<ChaosReport, 'seed' | 'postgres' | 'tookMs' | 'defect'>,
): ChaosReport {
  const faults: Record<string, number> = {};
  for (const { fault } of rounds) faults[fault] = (faults[fault] ?? 0) + 1;
  const checks = check(evidence);
  return {
    ...about,
    rounds: rounds.length,
    faults,
    takeoverMs: spread(rounds.map(({ takeoverMs }) => takeoverMs)),
    recoveryMs: spread(rounds.map(({ recoveryMs }) => recoveryMs)),
    checks,
    violations: checks.reduce((sum, { violations }) => sum + violations.length, 0),
  };
}

function spread(given: readonly (number | undefined)[]): Spread {
  const sorted = given.filter((one) => one !== undefined).sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** At most so many of a check are printed; the JSON has all. */
const SHOWN = 10;

export function printReport(report: ChaosReport): string {
  const { rounds, faults, checks, violations, tookMs, seed, postgres } = report;
  const line = (what: string, { count, p50, p99, max }: Spread): string =>
    `${what}  p50 ${p50} ms, p99 ${p99} ms, max ${max} ms over ${count}`;
  return [
    `${rounds} rounds in ${Math.round(tookMs / 1_000)} s, seed ${seed}, ${postgres ? 'with' : 'without'} PostgreSQL`,
    ...Object.entries(faults)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([kind, count]) => `  ${String(count).padStart(3)}  ${kind}`),
    line('takeover', report.takeoverMs),
    line('recovery', report.recoveryMs),
    ...checks.flatMap(({ check, violations: found, note = '' }) => [
      `${found.length === 0 ? 'ok    ' : 'FAILED'}  ${check}${note === '' ? '' : `: ${note}`}`,
      ...found.slice(0, SHOWN).map((one) => `          ${one}`),
    ]),
    `violations  ${violations}`,
  ].join('\n');
}
