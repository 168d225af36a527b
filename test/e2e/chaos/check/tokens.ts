import type { CheckResult, Evidence } from './evidence.ts';

/** What a request may take from the desk to the exchange's log. */
const ON_THE_WAY_MS = 500;

/** Tokens of the journal only grow, and there is one from the first order on. */
export function checkTokens({ journal }: Evidence): CheckResult {
  const violations: string[] = [];
  let token: number | undefined;
  let owners = 0;
  for (const record of journal) {
    if (record.type === 'tenure') {
      if (token !== undefined && !(record.token > token))
        violations.push(`token ${record.token} after ${token}`);
      token = record.token;
      owners += 1;
    } else if (record.type === 'submitting' && token === undefined)
      violations.push(`${record.clientOrderId} under no token`);
  }
  return { check: 'tokens only grow', violations, note: `${owners} owners of the lease` };
}

/**
 * No order arrived at the exchange once a greater token than its own was written, nor, after a takeover, one that the journal
 * knows nothing of: it was sent by somebody who could not write it down any more.
 */
export function checkFencing({ journal, exchange }: Evidence): CheckResult {
  const tenures = journal.flatMap((record, at) => (record.type === 'tenure' ? [{ ...record, at }] : []));
  const violations: string[] = [];
  let latestMs = -Infinity;
  for (const [at, record] of journal.entries()) {
    if (record.type !== 'submitting') continue;
    const next = tenures.find((one) => one.at > at);
    if (next === undefined) break;
    for (const placedMs of exchange.orders.get(record.clientOrderId)?.placedMs ?? []) {
      const lateMs = placedMs - next.atMs;
      latestMs = Math.max(latestMs, lateMs);
      if (!(lateMs <= ON_THE_WAY_MS))
        violations.push(`${record.clientOrderId} arrived ${lateMs} ms after token ${next.token} was written`);
    }
  }
  const takeover = tenures[1];
  const known = new Set(
    journal.flatMap((record) => (record.type === 'submitting' ? [record.clientOrderId] : [])),
  );
  for (const { clientOrderId, placedMs } of exchange.orders.values()) {
    if (takeover === undefined || known.has(clientOrderId)) continue;
    for (const atMs of placedMs)
      if (!(atMs <= takeover.atMs))
        violations.push(
          `${clientOrderId} arrived ${atMs - takeover.atMs} ms after the takeover under token ${takeover.token}, and is in nobody's journal`,
        );
  }
  const note = Number.isFinite(latestMs)
    ? `the last one before a takeover arrived ${Math.round(-latestMs)} ms before the new token (at most ${ON_THE_WAY_MS} ms after it)`
    : 'nobody took over';
  return { check: 'no order under an older token', violations, note };
}
