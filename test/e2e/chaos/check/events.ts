import { readJournal } from '../../torture/check/journal-record.ts';
import type { CheckResult, Evidence } from './evidence.ts';

/** The state of an order that has come to an end, fills aside. */
const STATE_OF = {
  ...{ cancelled: 'cancelled', expired: 'expired', rejected: 'rejected', abandoned: 'abandoned' },
  /** It has never been there: the same as one that was turned down. */
  absent: 'rejected',
} as const;

/** The history has every order of the journal with its end, and every fill once; it knows of nothing that it misses. */
export function checkHistory({ journal, history }: Evidence): CheckResult {
  const violations = history.gaps.map(({ code, detail }) => `gap ${code}: ${detail}`);
  const { orders } = readJournal(journal);
  const told = new Map(history.orders.map((one) => [one.clientOrderId, one]));
  for (const [id, { end, fills }] of orders) {
    const one = told.get(id);
    if (one === undefined) violations.push(`${id}: not in the history`);
    else if (end !== undefined && one.state !== STATE_OF[end] && one.state !== 'filled')
      violations.push(`${id}: ${one.state} in the history, ${end} in the journal`);
    const theirs = history.fills
      .filter(({ clientOrderId }) => clientOrderId === id)
      .map((fill) => fill.executionId);
    const ours = fills.map(({ executionId }) => executionId);
    if (theirs.sort().join() !== ours.sort().join())
      violations.push(`${id}: fills ${theirs.join()} in the history, ${ours.join()} in the journal`);
  }
  for (const id of told.keys())
    if (!orders.has(id)) violations.push(`${id}: in the history, not in the journal`);
  const note = `${history.orders.length} orders, ${history.fills.length} fills, ${history.gaps.length} gaps`;
  return { check: 'no event lost', violations, note };
}

/** No group has given up an event, and none has any left. */
export function checkGroups({ groups }: Evidence): CheckResult {
  const violations = groups.flatMap(({ group, topic, deadLetters, lag, pending }) => [
    ...(deadLetters > 0 ? [`${group}: ${deadLetters} dead letters of ${topic}`] : []),
    // Bars and quotes never end; what is told of orders has.
    ...(group === 'portfolio' && ((lag ?? 0) > 0 || pending > 0)
      ? [`${group}: ${String(lag)} waiting and ${pending} at hand of ${topic}`]
      : []),
  ]);
  if (groups.length === 0) violations.push('nobody could say how the groups stand');
  return { check: 'no dead letters', violations, note: `${groups.length} places of groups` };
}
