import type { Finding } from './check/finding.ts';
import type { Verdict } from './check/check.ts';
import { STEPS } from './steps.ts';
import type { Torn } from './torturer.ts';

/** What `npm run torture` prints and writes as JSON. */
export interface TortureReport extends Omit<Verdict, 'findings'> {
  readonly seed: number;
  readonly kills: number;
  /** By the step at which the trader ended. */
  readonly killsByStep: Readonly<Record<string, number>>;
  /** Steps that no kill hit: there were too few kills, or none came by in time. */
  readonly stepsMissed: readonly string[];
  readonly restarts: number;
  readonly recoveryMs: { readonly p50: number; readonly max: number; readonly count: number };
  readonly tookMs: number;
  readonly violations: readonly Finding[];
}

export function tortureReport(
  { kills, recoveriesMs }: Torn,
  { findings, ...verdict }: Verdict,
  { seed, tookMs }: { readonly seed: number; readonly tookMs: number },
): TortureReport {
  const killsByStep: Record<string, number> = {};
  for (const { step } of kills) killsByStep[step] = (killsByStep[step] ?? 0) + 1;
  const sorted = recoveriesMs.toSorted((a, b) => a - b);
  return {
    seed,
    kills: kills.length,
    killsByStep,
    stepsMissed: STEPS.map(({ step }) => step).filter((step) => killsByStep[step] === undefined),
    restarts: kills.length + 1,
    recoveryMs: {
      p50: Math.round(sorted[Math.floor(sorted.length / 2)] ?? NaN),
      max: Math.round(sorted.at(-1) ?? NaN),
      count: sorted.length,
    },
    tookMs: Math.round(tookMs),
    ...verdict,
    violations: findings,
  };
}

/** At most so many are printed; the JSON has all. */
const SHOWN = 20;

export function printReport(report: TortureReport): string {
  const { recoveryMs, fullest, killsByStep, stepsMissed, violations } = report;
  const n = (count: number): string => count.toLocaleString('en');
  const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;
  const byStep = Object.entries(killsByStep).sort(([a], [b]) => a.localeCompare(b));
  return [
    `${report.kills} kills in ${(report.tookMs / 1000).toFixed(0)} s, seed ${report.seed}`,
    ...byStep.map(([step, count]) => `  ${String(count).padStart(4)}  ${step}`),
    ...(stepsMissed.length > 0 ? [`not killed at  ${stepsMissed.join(', ')}`] : []),
    `exchange       ${n(report.orders)} orders, ${n(report.fills)} fills, ${n(report.amendments)} amendments`,
    `trader         ${n(report.restarts)} restarts, ${n(report.days)} days, ${n(report.trips)} trips, ${n(report.journalRecords)} journal records, ${n(report.auditRecords)} audit records`,
    `recovery       p50 ${n(recoveryMs.p50)} ms, max ${n(recoveryMs.max)} ms over ${recoveryMs.count}, from the start of the process to the first entry that may pass`,
    `limits         position up to ${percent(fullest.position)} of its limit, total up to ${percent(fullest.total)}`,
    `Book           ${JSON.stringify(report.book)}`,
    `violations     ${violations.length}`,
    ...violations.slice(0, SHOWN).map(({ code, detail }) => `  ${code}: ${detail}`),
  ].join('\n');
}
