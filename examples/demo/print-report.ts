import { type GateCount } from 'portcullis/trading';
import { type RunReport } from './run-report.ts';
import { strategyTable } from './strategy-table.ts';

const BLOCKS = '▁▂▃▄▅▆▇█';

/** Values as a line of blocks, at most `width` wide: each is the last of its stretch. */
export function sparkline(values: readonly number[], width = 60): string {
  if (values.length === 0) return '';
  const count = Math.min(width, values.length);
  const picked = Array.from(
    { length: count },
    (_, i) => values[Math.floor(((i + 1) * values.length) / count) - 1] ?? NaN,
  );
  const low = Math.min(...picked);
  const span = Math.max(...picked) - low;
  return picked
    .map((value) => BLOCKS[span > 0 ? Math.round(((value - low) / span) * (BLOCKS.length - 1)) : 0] ?? ' ')
    .join('');
}

/** The report as a trader reads it. */
export function printReport(report: RunReport): string {
  const { events, orders, fills, account, currency, decisionUs, maxDrawdown, killSwitch, audit } = report;
  const n = (value: number): string => value.toLocaleString('en');
  const money = (text: string): string =>
    text === 'unknown'
      ? text
      : `${Number(text).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`;
  const lines = [
    `${report.instruments.join(', ')}: ${report.title}`,
    ...(report.model === undefined ? [] : [`model       ${report.model}`]),
    '',
    `events      ${n(events.total)} (${n(events.quote)} quotes, ${n(events.diff)} book changes, ${n(events.trade)} trades), ${n(report.bars)} bars, ${n(report.signals)} signals`,
    `orders      ${n(orders.held + orders.denied + orders.duplicate)} asked: ${n(orders.denied)} denied, ${n(orders.held - orders.abandoned)} sent, of those ${n(orders.resized)} resized; ` +
      `${n(orders.accepted)} accepted, ${n(orders.rejected)} rejected, ${n(orders.unknown)} unknown, ${n(orders.cancelled)} cancelled, ${n(orders.expired)} expired`,
    '',
    'gate                 asked  passed resized  denied  most frequent reasons',
    ...report.riskGates.map(gateLine),
    ...report.executionGates.map(gateLine),
    ...otherDenials(report),
    '',
    ...strategyTable(report.strategies),
    `fills       ${n(fills.count)} (${n(fills.maker)} maker, ${n(fills.taker)} taker), fees ${money(account.fees)}`,
    `profit      realised ${money(account.realised)}, unrealised ${money(account.unrealised)}, after fees ${money(subtract(account.equity, account.flows))}`,
    `positions   ${account.positions.map((p) => `${p.quantity} ${p.instrumentId} at ${p.averagePrice}`).join(', ') || 'flat'}`,
    `equity      ${money(account.equity)}  ${sparkline(report.equityCurve)}`,
    `drawdown    ${(maxDrawdown.fraction * 100).toFixed(2)} % at worst (${money(String(maxDrawdown.amount))})`,
    `decision    ${decisionUs.count === 0 ? 'none' : `p50 ${decisionUs.p50.toFixed(1)} us, p99 ${decisionUs.p99.toFixed(1)} us over ${n(decisionUs.count)}`}`,
    `data        ${problems(report)}`,
    ...(report.anomalies.length > 0 ? [`anomalies   ${report.anomalies.join('; ')}`] : []),
    `kill switch ${killSwitch.state}${killSwitch.reason === undefined ? ', never tripped' : `: ${killSwitch.reason}`}`,
    ...(killSwitch.reason === undefined
      ? []
      : [
          `            tripped ${time(killSwitch.trippedAtMs)}; since then ${n(killSwitch.entriesDenied ?? 0)} entries denied, ` +
            `${n(killSwitch.exitsSent ?? 0)} exits sent, ${n(killSwitch.exitFills ?? 0)} exit fills`,
        ]),
    `audit       ${audit.verified ? `chain of ${n(audit.records)} records verified` : `CHAIN BROKEN at record ${audit.records}: ${audit.reason ?? ''}`}`,
    `journal     ${report.journalDigest}`,
  ];
  return lines.join('\n');
}

function gateLine({ gate, checked, denied, reduced, reasons }: GateCount): string {
  const cell = (value: number): string => String(value).padStart(8);
  const why = reasons
    .slice(0, 3)
    .map(({ code, count }) => `${code} ${count}`)
    .join(', ');
  return `${gate.padEnd(18)}${cell(checked)}${cell(checked - denied - reduced)}${cell(reduced)}${cell(denied)}  ${why}`.trimEnd();
}

function otherDenials({ otherDenials: found }: RunReport): string[] {
  const counts = Object.entries(found).map(([reason, count]) => `${reason} ${count}`);
  return counts.length === 0 ? [] : [`elsewhere denied: ${counts.join(', ')}`];
}

function problems({ dataProblems, clockOffsetMs }: RunReport): string {
  const found = Object.entries(dataProblems).map(([code, count]) => `${code} ${count}`);
  const offset =
    clockOffsetMs === null
      ? ''
      : `; exchange clock ${Math.abs(clockOffsetMs).toFixed(0)} ms ${clockOffsetMs < 0 ? 'behind' : 'ahead of'} ours`;
  return (found.join(', ') || 'no problems') + offset;
}

const time = (ms: number | undefined): string =>
  ms === undefined ? '' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/** For display only: the JSON has both to the last digit. */
const subtract = (a: string, b: string): string => (a === 'unknown' ? a : String(Number(a) - Number(b)));
