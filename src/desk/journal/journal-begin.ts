import { type DecimalInput, decimal } from '../../core/decimal.ts';
import type { JsonValue } from '../../storage/json.ts';
import { openBook } from './journal-apply.ts';
import { recordDigest } from './journal-checkpoint.ts';
import { JOURNAL_VERSION } from './journal-record.ts';
import type { JournalDeps, Replayed } from './journal-replay.ts';
import { SpentStamps } from './journal-spent.ts';
import { beginTenure } from './journal-tenure.ts';

interface NewAccount {
  readonly accountId: string;
  readonly currency: string;
  readonly balance: DecimalInput;
}

/** Begins a journal that is new: opens the accounts in the Book, and writes down that, and under which lease. */
export async function begin(
  deps: JournalDeps,
  input: { readonly [name: string]: JsonValue },
  accounts: readonly NewAccount[],
): Promise<Replayed> {
  const atMs = deps.clock.nowMs();
  const dayId = deps.tradingDay.dayOf(atMs);
  const opened = {
    type: 'opened' as const,
    version: JOURNAL_VERSION,
    atMs,
    dayId,
    input,
    accounts: accounts.map(({ accountId, currency, balance }) => ({
      accountId,
      currency,
      balance: decimal(balance, `accounts.${accountId}.balance`).toFixed(),
    })),
  };
  openBook(deps.book, opened); // first: what cannot be opened must not be on disk
  const first = { ...(await deps.log.append(opened)), record: opened };
  const { seq, record } = (await beginTenure(deps, undefined)) ?? first;
  const recovered = {
    records: 0,
    openedAtMs: atMs,
    lastAtMs: atMs,
    dayId,
    inDoubt: [],
    fromSnapshot: undefined,
    skippedSnapshots: [],
    tornBytes: deps.log.openReport?.tornBytes,
  };
  return {
    recovered,
    seq,
    openedAtMs: atMs,
    retiredBefore: undefined,
    tenureToken: deps.tenure?.token,
    spent: new SpentStamps(),
    record: recordDigest(record),
  };
}
