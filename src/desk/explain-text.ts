import { toText } from '../core/increment.ts';
import type { Denial } from '../trading/denial.ts';
import type { GateExplanation } from '../trading/measurement.ts';
import type { ExplainedOrder, Explanation } from './explain.ts';

type Row = readonly string[];

const HEADER: Row = ['gate', 'outcome', 'measured', 'limit', 'code', 'note'];
const INDENT = '  ';

/** The explanation for people: one line per gate, in columns. Lines end with a line feed, but for the last. */
export function explanationText(explanation: Explanation): string {
  const { intent, decision, denials, order, risk, execution } = explanation;
  const { side, instrumentId, accountId, strategyId, intentId } = intent;
  const asked = order === undefined ? shown(intent.quantity) : lotsText(order, order.asked);
  const tables = table([
    ...(risk.length > 0 ? [['risk'], ...risk.map(rowOf)] : []),
    ...(execution.length > 0 ? [['execution'], ...execution.map(rowOf)] : []),
  ]);
  return [
    `${shown(side)} ${asked} ${shown(instrumentId)}, account ${shown(accountId)}, strategy ${shown(strategyId)}, intent ${shown(intentId)}`,
    `${verdictText(decision, order)}${denials.length > 0 ? ':' : ''}`,
    ...denials.map((denial) => INDENT + denialText(denial)),
    ...(order === undefined ? [] : [orderText(order)]),
    ...tables,
  ].join('\n');
}

function verdictText(decision: Explanation['decision'], order: ExplainedOrder | undefined): string {
  if (decision !== 'held' || order?.quantity === undefined) return decision;
  const quantity = lotsText(order, order.quantity);
  return order.quantity === order.asked ? `held, ${quantity}` : `held, reduced to ${quantity}`;
}

const denialText = ({ gate, code, measured, limit, note }: Denial): string =>
  [
    `${gate} ${code}`,
    ...(measured === undefined ? [] : [`measured ${measured}`]),
    ...(limit === undefined ? [] : [`limit ${limit}`]),
    ...(note === undefined ? [] : [note]),
  ].join(', ');

function orderText({ clientOrderId, instrument, isExit, worst, mark }: ExplainedOrder): string {
  const price = (at: number): string => toText(at, instrument.grid.tick);
  const kind = isExit === undefined ? 'order' : isExit ? 'exit' : 'entry';
  const marked =
    mark === undefined ? 'no mark' : `mark ${price(mark.price)} of ${numberText(mark.ageMs)} ms ago`;
  return `${kind} ${clientOrderId}, worst price ${price(worst)}, ${marked}`;
}

const lotsText = ({ instrument }: ExplainedOrder, quantity: number): string =>
  toText(quantity, instrument.grid.step);

const rowOf = ({ gate, outcome, measured, limit, code, note }: GateExplanation): Row => [
  gate,
  outcome,
  cellText(measured),
  cellText(limit),
  code ?? '',
  note ?? '',
];

const cellText = (value: number | string | undefined): string =>
  typeof value === 'number' ? numberText(value) : (value ?? '');

/** Six digits are enough for people. */
const numberText = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));

/** Columns as wide as their widest, those that are empty left out; a row of one member is a heading. */
function table(rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  const all = [HEADER, ...rows];
  const gates = all.filter((row) => row.length > 1);
  const widths = HEADER.map((_name, column) => {
    const isUsed = gates.some((row) => row !== HEADER && row[column] !== '');
    return isUsed ? Math.max(...gates.map((row) => row[column]?.length ?? 0)) : 0;
  });
  return all.map((row) =>
    row.length === 1
      ? (row[0] ?? '')
      : (
          INDENT +
          row
            .flatMap((text, column) => (widths[column] === 0 ? [] : [text.padEnd(widths[column] ?? 0)]))
            .join(INDENT)
        ).trimEnd(),
  );
}

/** An intent may hold anything. */
const shown = (value: unknown): string => (typeof value === 'string' ? value : typeof value);
