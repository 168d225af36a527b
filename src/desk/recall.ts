import { toGrid } from '../core/increment.ts';
import { ticks } from '../core/units.ts';
import type { Clock } from '../core/clock.ts';
import type { RiskGuard } from '../risk/risk-guard.ts';
import type { BookReader } from '../trading/book-reader.ts';
import type { BookedOrder } from '../trading/order-event.ts';
import type { Journal } from './journal/journal.ts';
import type { JournalRecord } from './journal/journal-record.ts';

export interface RecallDeps {
  readonly guard: Pick<RiskGuard, 'lookBackMs' | 'recall'>;
  readonly journal: Pick<Journal, 'recovered' | 'recent'>;
  readonly book: Pick<BookReader, 'order'>;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}

/**
 * Gives the guard's counters what was sent before a restart, as far back as they look and the log goes. Age is told by the
 * wall clock, as nothing else outlives a process; what seems to come from the future has just happened.
 *
 * @returns `undefined` where nothing is counted, or nothing was sent before
 */
export function recall(deps: RecallDeps): Promise<void> | undefined {
  const { records, fromSnapshot } = deps.journal.recovered;
  const isNew = records === 0 && fromSnapshot === undefined;
  return isNew || deps.guard.lookBackMs === 0 ? undefined : recallAll(deps);
}

async function recallAll({ guard, journal, book, clock }: RecallDeps): Promise<void> {
  const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
  for await (const record of journal.recent(nowMs - guard.lookBackMs)) {
    if (!('clientOrderId' in record) || record.type === 'external') continue;
    const known = book.order(record.clientOrderId)?.order;
    if (known === undefined) continue; // it was retired days ago
    const order = record.type === 'submitting' ? asSent(known, record) : known;
    guard.recall({ type: record.type, order, monotonicMs: monotonicMs - Math.max(0, nowMs - record.atMs) });
  }
}

/** Before it was changed. */
function asSent(
  known: BookedOrder,
  { worst, isExit }: Extract<JournalRecord, { type: 'submitting' }>,
): BookedOrder {
  return { ...known, isExit, worst: ticks(toGrid(worst, known.instrument.grid.tick, 'down')) };
}
