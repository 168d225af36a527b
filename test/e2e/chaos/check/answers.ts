import { clientOrderId } from 'portcullis/core';
import { intentIdOf } from '../../../../examples/trading-system/trading/signal-trader.ts';
import { readJournal } from '../../torture/check/journal-record.ts';
import { ACCOUNT } from '../system-config.ts';
import type { CheckResult, Evidence } from './evidence.ts';

/** Strategy of orders that are posted. */
const MANUAL = 'manual';
/** Journal ends of what has never been at the exchange. */
const NEVER_THERE: readonly unknown[] = ['absent', 'abandoned'];

/** The last answer to every order that was posted agrees with what the exchange has of it. */
export function checkAnswers({ posted, exchange, journal }: Evidence): CheckResult {
  const violations: string[] = [];
  const { orders } = readJournal(journal);
  const counts: Record<string, number> = {};
  for (const { intentId, answer, refused, tries } of posted) {
    const id = clientOrderId(ACCOUNT, MANUAL, intentId);
    const type = exchange.orders.get(id)?.terms?.type;
    const say = (what: string): void => void violations.push(`${intentId} (${id}): ${what}`);
    if (refused !== undefined) say(`refused: ${refused}`);
    else if (answer === undefined) say(`no answer after ${tries} tries`);
    else {
      counts[answer.kind] = (counts[answer.kind] ?? 0) + 1;
      if (answer.clientOrderId !== undefined && answer.clientOrderId !== id)
        say(`named ${answer.clientOrderId}`);
      const told = `${answer.kind}${answer.state === undefined ? '' : ` (${answer.state})`}, at the exchange ${type ?? 'never'}`;
      const end = orders.get(id)?.end;
      const agrees = {
        denied: type === undefined,
        accepted: type === 'accepted',
        rejected: type === 'rejected' || (type === undefined && orders.has(id)),
        duplicate: type !== undefined || NEVER_THERE.includes(end),
        unknown: type !== undefined || NEVER_THERE.includes(end),
      }[answer.kind];
      if (!agrees) say(told);
    }
  }
  const again = posted.filter(({ tries }) => tries > 1).length;
  const note = `${posted.length} posted, ${again} of them again: ${JSON.stringify(counts)}`;
  return { check: 'the last answers agree with the exchange', violations, note };
}

/** An order for each signal at most, named after it. */
export function checkSignals({ signals, journal }: Evidence): CheckResult {
  const byStrategy = Map.groupBy(signals, ({ strategyId }) => strategyId);
  const violations: string[] = [];
  let orders = 0;
  for (const record of journal) {
    if (record.type !== 'submitting') continue;
    const { strategyId, intentId } = record.intent;
    const known = byStrategy.get(strategyId);
    if (known === undefined) continue;
    orders += 1;
    if (!known.some(({ signalId }) => intentIdOf(signalId) === intentId))
      violations.push(`${record.clientOrderId} of ${strategyId}: not named after a signal`);
  }
  const note = `${signals.length} signals raised twice, ${orders} orders`;
  return { check: 'a signal is one order', violations, note };
}
