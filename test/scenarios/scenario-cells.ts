import { ERROR_CATALOGUE } from '../../src/core/index.ts';
import { DENIAL_CATALOGUE } from '../../src/trading/index.ts';

/** The columns of a table, in this order; those with a mark may be left out. */
export const COLUMNS = [
  'command',
  'arguments',
  'verdict',
  'hold',
  'position',
  'trading',
  'orders',
  'sent',
  'cash',
  'why',
] as const;
export type Column = (typeof COLUMNS)[number];
const OPTIONAL: ReadonlySet<Column> = new Set(['orders', 'sent', 'cash']);
export const REQUIRED = COLUMNS.filter((column) => !OPTIONAL.has(column));

/** The columns that say what must be seen after the step. */
export const EXPECTED = ['verdict', 'hold', 'position', 'trading', 'orders', 'sent', 'cash'] as const;
export type Expected = (typeof EXPECTED)[number];

const STATES = 'submitting|working|cancelPending|unknown|filled|cancelled|expired|rejected|abandoned';
const WORDS = new RegExp(
  `^(${STATES}|ready|accepted|accepted \\d+(\\.\\d+)?|denied|duplicate|sent|requested|finished|failed|not-found|amended|booked|ignored|reconciled|tripped|released|refused|flat|not-flat|adjusted|written-off|not-in-doubt|ok|stopped)$`,
);
/** What comes back of desk and venue beside denials and errors. */
const ANOMALIES = [
  'ORDER_UNKNOWN',
  'ILLEGAL_TRANSITION',
  'OVERFILL',
  'FILL_INVALID',
  'FILL_PRICE',
  'EXECUTION_ID_REUSED',
  'RESURRECTED',
  'VENUE_CONTRADICTION',
  'FEE_CURRENCY_UNSUPPORTED',
  'REPORT_INVALID',
  'DISK_FAILED',
  'FILL_MISSED',
  'FILL_EXTERNAL',
  'FILL_UNLISTED',
  'ORDER_SETTLED',
  'ORDER_ABSENT',
  'ORDER_FOREIGN',
  'ORDER_STILL_OPEN',
  'ORDER_CHANGED',
  'POSITION_MISMATCH',
  'BALANCE_MISMATCH',
  'INSTRUMENT_FOREIGN',
];
const CODES: ReadonlySet<string> = new Set([
  ...Object.keys(DENIAL_CATALOGUE),
  ...Object.keys(ERROR_CATALOGUE),
  ...ANOMALIES,
]);

const NUMBER = '-?\\d+(\\.\\d+)?';
const PLACE = '([a-z][\\w-]* )?([A-Z]+ )?';
const listOf = (entry: string, none: string): RegExp => new RegExp(`^(${none}|${entry}(; ${entry})*)$`);

const GRAMMAR: Readonly<Record<Exclude<Expected, 'verdict'>, RegExp>> = {
  hold: listOf(`${PLACE}(buy|sell) \\d+(\\.\\d+)?`, 'none'),
  position: listOf(`${PLACE}${NUMBER}`, 'flat'),
  trading: /^(active|reducing|halted)$/,
  orders: listOf(`[\\w-]+ (${STATES})`, 'none'),
  sent: /^\d+$/,
  cash: new RegExp(`^${NUMBER}$`),
};

/** What is wrong with an expectation, if anything. */
export function cellFlaw(column: Expected, cell: string): string | undefined {
  if (column !== 'verdict') {
    return GRAMMAR[column].test(cell) ? undefined : `cannot be read as ${column}: "${cell}"`;
  }
  const [word = '', ...codes] = cell.split(', ');
  if (!WORDS.test(word)) return `cannot be read as verdict: "${cell}"`;
  const unknown = codes.find((code) => !CODES.has(code));
  return unknown === undefined ? undefined : `no such code: "${unknown}"`;
}
