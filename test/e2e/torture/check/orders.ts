import { readAmount } from '../../../../examples/toy-exchange/decimals.ts';
import { SYMBOLS } from '../market.ts';
import type { ExchangeOrderRecord, ExchangeRecord } from './exchange-record.ts';
import type { Finding } from './finding.ts';
import type { JournalOrderRecord, JournalRecords } from './journal-record.ts';

/** No order sent twice, none that was not written down as it was sent, none lost. */
export function checkOrders(exchange: ExchangeRecord, journal: JournalRecords): Finding[] {
  const found: Finding[] = journal.twice.map((id) => ({ code: 'WRITTEN_TWICE', detail: id }));
  for (const order of exchange.orders.values()) {
    const { clientOrderId, placedMs, terms } = order;
    if (placedMs.length > 1) {
      found.push({ code: 'SENT_TWICE', detail: `${clientOrderId} arrived ${placedMs.length} times` });
    }
    const ours = journal.orders.get(clientOrderId);
    if (ours === undefined) found.push({ code: 'NOT_IN_JOURNAL', detail: clientOrderId });
    else if (terms !== undefined) found.push(...compareContent(order, ours));
  }
  for (const [id, ours] of journal.orders) {
    const difference = fateDiffers(exchange.orders.get(id), ours);
    if (difference !== undefined) {
      const code = ours.end === 'abandoned' ? 'SENT_AFTER_ALL' : 'LOST';
      found.push({ code, detail: `${id}: ${difference}` });
    }
  }
  return found;
}

function compareContent({ terms, amended }: ExchangeOrderRecord, ours: JournalOrderRecord): Finding[] {
  if (terms === undefined) return [];
  const { clientOrderId, intent, quantity, worst, timeInForce, postOnly } = ours.submitting;
  const found: Finding[] = [];
  const symbol: string | undefined = SYMBOLS[intent.instrumentId as keyof typeof SYMBOLS];
  const same =
    terms.symbol === symbol &&
    terms.side === intent.side &&
    readAmount(terms.quantity) === readAmount(quantity) &&
    readAmount(terms.price) === readAmount(worst) &&
    terms.timeInForce === timeInForce &&
    terms.postOnly === postOnly;
  if (!same) found.push({ code: 'CONTENT_DIFFERS', detail: clientOrderId });
  for (const change of amended) {
    const written = ours.amendRequested.some(
      (asked) =>
        readAmount(asked.quantity) === readAmount(change.quantity) &&
        readAmount(asked.worst) === readAmount(change.price),
    );
    if (!written) found.push({ code: 'NOT_IN_JOURNAL', detail: `${clientOrderId}: a change of it` });
  }
  return found;
}

/** How the two differ about what became of an order; `undefined` when they agree. */
function fateDiffers(order: ExchangeOrderRecord | undefined, ours: JournalOrderRecord): string | undefined {
  const theirs = order?.terms === undefined ? 'never there' : fateAtExchange(order);
  const fate = fateInJournal(ours);
  const agree =
    (theirs === fate && fate !== 'open') ||
    (theirs === 'never there' && ['absent', 'abandoned', 'rejected'].includes(fate));
  return agree ? undefined : `${fate} in the journal, ${theirs} at the exchange`;
}

function fateAtExchange({ terms, amended, fills, end }: ExchangeOrderRecord): string {
  const asked = readAmount(amended.at(-1)?.quantity ?? terms?.quantity ?? '0') ?? 0n;
  const filled = sum(fills.map(({ quantity }) => quantity));
  return filled >= asked ? 'filled' : (end ?? 'open');
}

function fateInJournal({ end, fills, submitting, amendRequested }: JournalOrderRecord): string {
  if (end !== undefined) {
    // A final report may follow the last fill.
    return end === 'cancelled' || end === 'expired' || fills.length === 0 ? end : 'filled';
  }
  const asked = [submitting, ...amendRequested].map(({ quantity }) => readAmount(quantity));
  return asked.includes(sum(fills.map(({ quantity }) => quantity))) ? 'filled' : 'open';
}

const sum = (amounts: readonly string[]): bigint =>
  amounts.reduce((total, amount) => total + (readAmount(amount) ?? 0n), 0n);
