import { verifyAudit } from 'portcullis/audit';
import { type GateCount } from 'portcullis/trading';
import { type AccountStatement, statement } from 'portcullis/portfolio';
import { ACCOUNT, type TradingSystem } from './trading-system.ts';
import { type Scenario } from './scenario.ts';
import { type StrategyResult } from './strategy-ledger.ts';

/** What the demo prints and writes as JSON. */
export interface RunReport {
  readonly title: string;
  /** How spread and depth were made up, where nobody recorded them. */
  readonly model?: string;
  readonly instruments: readonly string[];
  readonly currency: string;
  readonly events: TradingSystem['tally']['events'] & { readonly total: number };
  readonly bars: number;
  readonly signals: number;
  readonly orders: TradingSystem['tally']['orders'];
  readonly riskGates: readonly GateCount[];
  readonly executionGates: readonly GateCount[];
  /** Denials that came from elsewhere than the gates, such as `order BELOW_MINIMUM`. */
  readonly otherDenials: Readonly<Record<string, number>>;
  readonly fills: TradingSystem['tally']['fills'];
  readonly strategies: readonly StrategyResult[];
  readonly account: {
    readonly cash: string;
    readonly flows: string;
    readonly realised: string;
    readonly unrealised: string;
    readonly fees: string;
    readonly equity: string;
    readonly positions: readonly {
      readonly instrumentId: string;
      readonly quantity: string;
      readonly averagePrice: string;
    }[];
  };
  readonly equityCurve: readonly number[];
  readonly maxDrawdown: { readonly fraction: number; readonly amount: number; readonly atMs: number };
  readonly decisionUs: { readonly p50: number; readonly p99: number; readonly count: number };
  readonly killSwitch: {
    readonly state: string;
    readonly reason?: string;
    readonly trippedAtMs?: number;
    readonly entriesDenied?: number;
    readonly exitsSent?: number;
    readonly exitFills?: number;
  };
  readonly dataProblems: Readonly<Record<string, number>>;
  readonly clockOffsetMs: number | null;
  readonly anomalies: readonly string[];
  readonly audit: { readonly verified: boolean; readonly records: number; readonly reason?: string };
  /** SHA-256 over all records, or why there is none. */
  readonly journalDigest: string;
}

export async function runReport(
  system: TradingSystem,
  { title, model, instruments }: Scenario,
): Promise<RunReport> {
  const { tally, guard, policy, killSwitch, journal } = system;
  const audit = await verifyAudit(system.auditLog);
  const account = statement(system.book, ACCOUNT);
  if (account === undefined) throw new Error(`the account ${ACCOUNT} is gone`);
  const { maxDrawdown } = tally.curve;
  const trip = tally.trip;
  const events = tally.events;
  const gates = new Set([...guard.status(), ...policy.status()].map(({ gate }): string | undefined => gate));
  return {
    title,
    ...(model !== undefined && { model }),
    instruments: instruments.map(({ instrumentId }) => instrumentId),
    currency: account.currency,
    events: { ...events, total: events.snapshot + events.diff + events.quote + events.trade },
    bars: tally.bars,
    signals: tally.signals,
    orders: tally.orders,
    riskGates: guard.status(),
    executionGates: policy.status(),
    otherDenials: Object.fromEntries([...tally.denials].filter(([key]) => !gates.has(key.split(' ', 1)[0]))),
    fills: tally.fills,
    strategies: tally.strategies.results(system.book),
    account: money(account),
    equityCurve: tally.curve.values,
    maxDrawdown: { fraction: maxDrawdown.fraction, amount: maxDrawdown.amount, atMs: maxDrawdown.troughMs },
    decisionUs: {
      p50: quantile(tally.decisionUs, 0.5),
      p99: quantile(tally.decisionUs, 0.99),
      count: tally.decisionUs.length,
    },
    killSwitch: {
      state: killSwitch.tradingState(),
      ...(trip && {
        reason: trip.record.reason,
        trippedAtMs: trip.record.atMs,
        entriesDenied: trip.entriesDenied,
        exitsSent: trip.exitsSent,
        exitFills: trip.exitFills,
      }),
    },
    dataProblems: problemCounts(system),
    clockOffsetMs: clockOffset(system),
    anomalies: tally.anomalies,
    audit: audit.ok
      ? { verified: true, records: audit.records }
      : { verified: false, records: audit.atSeq, reason: audit.reason },
    journalDigest: await journal.digest().catch((error: unknown) => `no digest: ${String(error)}`),
  };
}

const money = ({
  cash,
  flows,
  realised,
  unrealised,
  fees,
  equity,
  positions,
}: AccountStatement): RunReport['account'] => ({
  cash: cash.toFixed(),
  flows: flows.toFixed(),
  realised: realised.toFixed(),
  unrealised: unrealised?.toFixed() ?? 'unknown',
  fees: fees.toFixed(),
  equity: equity?.toFixed() ?? 'unknown',
  positions: positions
    .filter(({ averagePrice }) => averagePrice !== undefined)
    .map(({ instrumentId, quantity, averagePrice }) => ({
      instrumentId,
      quantity,
      averagePrice: averagePrice?.round(2).toFixed() ?? '',
    })),
});

/** How often each problem began, over all instruments. */
function problemCounts(system: TradingSystem): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { problemCounts: found } of system.trackers()) {
    for (const [code, count] of Object.entries(found)) {
      if (count > 0) counts[code] = (counts[code] ?? 0) + count;
    }
  }
  return counts;
}

/** The largest that was measured in any instrument, either way; `null` without one. */
const clockOffset = (system: TradingSystem): number | null =>
  system
    .trackers()
    .map(({ clockOffsetMs }) => clockOffsetMs)
    .filter((offsetMs) => !Number.isNaN(offsetMs))
    .reduce<number | null>(
      (most, offsetMs) => (Math.abs(offsetMs) > Math.abs(most ?? 0) ? offsetMs : (most ?? offsetMs)),
      null,
    );

/** By the nearest rank; NaN of nothing. */
function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}
