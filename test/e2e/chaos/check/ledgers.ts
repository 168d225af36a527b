import {
  moneyText,
  readAmount,
  readMoney,
  worth,
  money,
  amountText,
} from '../../../../examples/toy-exchange/decimals.ts';
import { BALANCE, TRADED } from '../system-config.ts';
import type { CheckResult, Evidence, ToldHistory, ToldPositions } from './evidence.ts';

interface Ledger {
  readonly cash: string;
  readonly fees: string;
  readonly positions: Readonly<Record<string, string>>;
}

/** What desk and history say of money and positions is what the exchange's fills add up to, to the last digit. */
export function checkLedgers({ exchange, desk, history }: Evidence): CheckResult {
  const wanted = ofExchange(exchange);
  const violations: string[] = [];
  const compare = (who: string, told: Ledger | undefined): void => {
    if (JSON.stringify(told) !== JSON.stringify(wanted))
      violations.push(`${who}: ${JSON.stringify(told)}, the exchange: ${JSON.stringify(wanted)}`);
  };
  compare('desk', desk && ofDesk(desk));
  compare('history', ofHistory(history));
  return { check: 'ledgers agree to the last digit', violations, note: JSON.stringify(wanted) };
}

function ofExchange({ orders }: Evidence['exchange']): Ledger {
  let [cash, fees] = [readMoney(BALANCE), 0n];
  const positions = new Map<string, bigint>();
  for (const { fills } of orders.values())
    for (const { symbol, side, quantity, price, fee } of fills) {
      const [amount, sign] = [readAmount(quantity) ?? 0n, side === 'buy' ? 1n : -1n];
      cash -= sign * worth(amount, readAmount(price) ?? 0n) + readMoney(fee);
      fees += readMoney(fee);
      positions.set(symbol, (positions.get(symbol) ?? 0n) + sign * amount);
    }
  return ledger(cash, fees, ({ symbol }) => positions.get(symbol) ?? 0n);
}

/** Its cash is what is left of its equity without what is held, all of one answer. */
function ofDesk({ equity, positions }: ToldPositions): Ledger | undefined {
  if (equity === undefined) return undefined;
  let [cash, fees] = [readMoney(equity), 0n];
  for (const one of positions) {
    const value = worth(signed(one.quantity), readAmount(one.mark ?? '0') ?? 0n);
    cash -= value;
    fees += readMoney(one.fees);
  }
  return ledger(cash, fees, ({ instrumentId }) => quantityOf(positions, instrumentId));
}

function ofHistory({ ledger: entries, positions }: ToldHistory): Ledger {
  const total = (kind?: string): bigint =>
    entries.reduce(
      (sum, one) => sum + (kind === undefined || one.kind === kind ? readMoney(one.amount) : 0n),
      0n,
    );
  return ledger(total(), -total('fee'), ({ instrumentId }) => quantityOf(positions, instrumentId));
}

const quantityOf = (
  positions: readonly { instrumentId: string; quantity: string }[],
  wanted: string,
): bigint => signed(positions.find(({ instrumentId }) => instrumentId === wanted)?.quantity ?? '0');

/** An amount with a sign, in 10^-12. */
const signed = (text: string): bigint => readMoney(text) / money(1n);

const ledger = (
  cash: bigint,
  fees: bigint,
  positionOf: (one: (typeof TRADED)[number]) => bigint,
): Ledger => ({
  cash: moneyText(cash),
  fees: moneyText(fees),
  positions: Object.fromEntries(
    TRADED.map((one) => {
      const amount = positionOf(one);
      return [one.instrumentId, `${amount < 0n ? '-' : ''}${amountText(amount < 0n ? -amount : amount)}`];
    }),
  ),
});
