import { amountText, moneyText, readAmount, readMoney, worth } from '../../toy-exchange/decimals.ts';
import { type LogLine } from '../../toy-exchange/exchange-log.ts';
import { type Holdings } from './told.ts';
import { BALANCE } from './toy-setup.ts';

/** What the fills in the exchange's own log add up to, and how many orders and fills there are. */
export function exchangeHoldings(lines: readonly LogLine[]): Holdings & { orders: number; fills: number } {
  let [position, cash, fees] = [0n, readMoney(BALANCE), 0n];
  let [orders, fills] = [0, 0];
  for (const fact of lines.flatMap((line) => line.facts)) {
    if (fact.type === 'accepted') orders += 1;
    if (fact.type !== 'filled') continue;
    fills += 1;
    const quantity = readAmount(fact.quantity) ?? 0n;
    const sign = fact.side === 'buy' ? 1n : -1n;
    position += sign * quantity;
    cash -= sign * worth(quantity, readAmount(fact.price) ?? 0n) + readMoney(fact.fee);
    fees += readMoney(fact.fee);
  }
  return { position: amountText(position), cash: moneyText(cash), fees: moneyText(fees), orders, fills };
}
