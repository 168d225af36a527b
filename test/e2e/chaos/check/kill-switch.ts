import { readJournal } from '../../torture/check/journal-record.ts';
import type { CheckResult, Evidence } from './evidence.ts';

/**
 * A desk that cannot ask what others have tripped lets no entry out once its last look is 3 s old (`maxAgeMs`), and a request may
 * be on its way for a second.
 */
const OBEYED_WITHIN_MS = 4_000;

/** No entry was accepted later than that after a trip was acknowledged, until its release was asked for. */
export function checkKillSwitch({ trips, exchange, journal }: Evidence): CheckResult {
  const { orders } = readJournal(journal);
  const violations: string[] = [];
  let latestMs = 0;
  for (const [at, { during, acknowledgedMs, releasedMs = Infinity }] of trips.entries()) {
    for (const [id, { terms, placedMs }] of exchange.orders) {
      if (terms?.type !== 'accepted' || orders.get(id)?.submitting.isExit === true) continue;
      for (const atMs of placedMs) {
        const afterMs = atMs - acknowledgedMs;
        if (afterMs <= 0 || atMs >= releasedMs) continue;
        latestMs = Math.max(latestMs, afterMs);
        if (!(afterMs <= OBEYED_WITHIN_MS))
          violations.push(`${id} ${afterMs} ms after trip ${at + 1} (${during})`);
      }
    }
  }
  const note = `${trips.length} trips, the last entry ${Math.round(latestMs)} ms after one (at most ${OBEYED_WITHIN_MS})`;
  return { check: 'the kill switch is obeyed', violations, note };
}
