import {
  amountText,
  moneyText,
  readAmount,
  readMoney,
  worth,
} from '../../../../examples/toy-exchange/decimals.ts';
import { BALANCE, SYMBOLS } from '../market.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { Finding } from './finding.ts';
import type { JournalRecords } from './journal-record.ts';

/** The Book as the last life of the trader had it after its recovery. */
export interface ToldBook {
  readonly cash: string;
  readonly fees: string;
  readonly positions: Readonly<Record<string, string>>;
}

interface Execution {
  readonly executionId: string;
  readonly quantity: string;
  readonly price: string;
  readonly fee: string;
}

/** Every fill of the exchange is in the journal once and as it was, no other is, and the Book is their sum to the last digit. */
export function checkBooks(
  exchange: ExchangeRecord,
  journal: JournalRecords,
  book: ToldBook | undefined,
): Finding[] {
  const found: Finding[] = journal.strangers.map(({ clientOrderId, executionId }) => ({
    code: 'FILL_INVENTED',
    detail: `${executionId} of ${clientOrderId}, which was never submitted`,
  }));
  for (const id of new Set([...exchange.orders.keys(), ...journal.orders.keys()])) {
    const theirs = (exchange.orders.get(id)?.fills ?? []).map(keyOf);
    const ours = (journal.orders.get(id)?.fills ?? []).map(({ fee, ...fill }) =>
      keyOf({ ...fill, fee: fee.amount }),
    );
    for (const fill of without(theirs, ours)) found.push({ code: 'FILL_MISSING', detail: `${id}: ${fill}` });
    for (const fill of without(ours, theirs)) found.push({ code: 'FILL_INVENTED', detail: `${id}: ${fill}` });
  }
  const wanted = bookOf(exchange);
  if (JSON.stringify(book) !== JSON.stringify(wanted)) {
    const detail = `${JSON.stringify(book)}, but the exchange's fills give ${JSON.stringify(wanted)}`;
    found.push({ code: 'BOOK_DIFFERS', detail });
  }
  return found;
}

const keyOf = ({ executionId, quantity, price, fee }: Execution): string =>
  [
    executionId,
    amountText(readAmount(quantity) ?? 0n),
    amountText(readAmount(price) ?? 0n),
    moneyText(readMoney(fee)),
  ].join(' ');

/** What is left of a list when another has been taken from it, one by one. */
function without(list: readonly string[], taken: readonly string[]): string[] {
  const left = [...taken];
  return list.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Positions, cash and fees, from the exchange's fills alone. */
function bookOf({ orders }: ExchangeRecord): ToldBook {
  let cash = readMoney(BALANCE);
  let fees = 0n;
  const positions = new Map<string, bigint>();
  for (const { fills } of orders.values()) {
    for (const { symbol, side, quantity, price, fee } of fills) {
      const amount = readAmount(quantity) ?? 0n;
      const sign = side === 'buy' ? 1n : -1n;
      cash -= sign * worth(amount, readAmount(price) ?? 0n) + readMoney(fee);
      fees += readMoney(fee);
      positions.set(symbol, (positions.get(symbol) ?? 0n) + sign * amount);
    }
  }
  const named = Object.entries(SYMBOLS).map(([instrumentId, symbol]) => [
    instrumentId,
    amountText(positions.get(symbol) ?? 0n),
  ]);
  return { cash: moneyText(cash), fees: moneyText(fees), positions: Object.fromEntries(named) as never };
}
