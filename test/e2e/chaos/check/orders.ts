import { amountText, readAmount } from '../../../../examples/toy-exchange/decimals.ts';
import type { ExchangeOrderRecord } from '../../torture/check/exchange-record.ts';
import { type JournalOrderRecord, readJournal } from '../../torture/check/journal-record.ts';
import { SYMBOLS } from '../system-config.ts';
import type { CheckResult, Evidence } from './evidence.ts';

/** What the exchange has and what the journal has are the same orders, with the same terms, fills and ends. */
export function checkOrders({ exchange, journal, journalFirstSeq }: Evidence): CheckResult {
  const { orders, strangers } = readJournal(journal);
  const violations: string[] = journalFirstSeq === 1 ? [] : [`the journal begins at ${journalFirstSeq}`];
  for (const { clientOrderId } of strangers)
    violations.push(`${clientOrderId}: a fill of an order never submitted`);
  for (const id of new Set([...exchange.orders.keys(), ...orders.keys()])) {
    const difference = differenceOf(exchange.orders.get(id), orders.get(id));
    if (difference !== undefined) violations.push(`${id}: ${difference}`);
  }
  const fills = [...exchange.orders.values()].reduce((sum, one) => sum + one.fills.length, 0);
  const note = `${exchange.orders.size} orders at the exchange with ${fills} fills, ${orders.size} in the journal`;
  return { check: 'exchange and journal have the same orders', violations, note };
}

/** No order was handed to the exchange twice, or written down twice, by its id or by what it was for. */
export function checkTwice({ exchange, journal }: Evidence): CheckResult {
  const violations = readJournal(journal).twice.map((id) => `${id}: written down twice`);
  for (const { clientOrderId, placedMs } of exchange.orders.values())
    if (placedMs.length > 1) violations.push(`${clientOrderId}: sent ${placedMs.length} times`);
  const intents = new Map<string, string>();
  for (const record of journal) {
    if (record.type !== 'submitting') continue;
    const { strategyId, intentId } = record.intent;
    const key = `${strategyId} ${intentId}`;
    const before = intents.get(key);
    if (before !== undefined && before !== record.clientOrderId)
      violations.push(`intent ${key}: orders ${before} and ${record.clientOrderId}`);
    intents.set(key, record.clientOrderId);
  }
  return { check: 'no order twice', violations, note: `${intents.size} intents` };
}

/** Nothing is open, in doubt, or without an end. */
export function checkEnds({ exchange, journal }: Evidence): CheckResult {
  const violations: string[] = [];
  const { orders } = readJournal(journal);
  for (const [id, ours] of orders)
    if (fateInJournal(ours) === 'open') violations.push(`${id}: no end in the journal`);
  for (const [id, theirs] of exchange.orders)
    if (theirs.terms !== undefined && fateAtExchange(theirs) === 'open')
      violations.push(`${id}: open at the exchange`);
  const doubts = journal.filter(({ type }) => type === 'timedOut').length;
  return { check: 'no order in doubt', violations, note: `${doubts} were for a while` };
}

function differenceOf(theirs?: ExchangeOrderRecord, ours?: JournalOrderRecord): string | undefined {
  if (ours === undefined) return 'at the exchange, not in the journal';
  const { terms } = theirs ?? {};
  const fate = fateInJournal(ours);
  if (theirs === undefined || terms === undefined)
    return ['absent', 'abandoned', 'rejected'].includes(fate)
      ? undefined
      : `${fate} in the journal, never at the exchange`;
  const { intent, quantity, worst, timeInForce, postOnly } = ours.submitting;
  const isSame =
    terms.symbol === SYMBOLS[intent.instrumentId] &&
    terms.side === intent.side &&
    readAmount(terms.quantity) === readAmount(quantity) &&
    readAmount(terms.price) === readAmount(worst) &&
    terms.timeInForce === timeInForce &&
    terms.postOnly === postOnly;
  if (!isSame) return 'other terms than were written down';
  const [there, here] = [theirs.fills.map(keyOf).sort(), ours.fills.map(keyOf).sort()];
  if (there.join() !== here.join())
    return `fills ${there.join()} at the exchange, ${here.join()} in the journal`;
  const end = fateAtExchange(theirs);
  return end === fate ? undefined : `${end} at the exchange, ${fate} in the journal`;
}

const keyOf = (fill: {
  readonly executionId: string;
  readonly quantity: string;
  readonly price: string;
}): string => `${fill.executionId} ${text(fill.quantity)}@${text(fill.price)}`;
const text = (amount: string): string => amountText(readAmount(amount) ?? -1n);
const sum = (amounts: readonly string[]): bigint =>
  amounts.reduce((total, amount) => total + (readAmount(amount) ?? 0n), 0n);

export function fateAtExchange({ terms, amended, fills, end }: ExchangeOrderRecord): string {
  const asked = readAmount(amended.at(-1)?.quantity ?? terms?.quantity ?? '0') ?? 0n;
  return sum(fills.map(({ quantity }) => quantity)) >= asked ? 'filled' : (end ?? 'open');
}

function fateInJournal({ end, fills, submitting, amendRequested }: JournalOrderRecord): string {
  const asked = [submitting, ...amendRequested].map(({ quantity }) => readAmount(quantity));
  if (asked.includes(sum(fills.map(({ quantity }) => quantity)))) return 'filled';
  return end ?? 'open';
}
