import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseInput } from '../../core/options.ts';
import { messageOf } from '../../core/message-of.ts';
import type { DayId } from '../../core/trading-day.ts';
import type { JsonValue } from '../../storage/json.ts';
import type { Snapshot } from '../../storage/snapshot-store.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { SavedBook, SavedOrder } from '../../trading/saved-book.ts';
import type { InstrumentOf } from './journal-apply.ts';
import { SpentStamps, spentSchema } from './journal-spent.ts';
import { type Regrid, regrid, storedGrid } from './journal-grid.ts';
import { savedAccount, storedAccount } from './journal-checkpoint-account.ts';
import { readStoredOrder, savedOrder, storedOrder } from './journal-checkpoint-order.ts';

/*
 * A checkpoint is a Book at one record of the journal, as lines of JSON: a header, the accounts, the orders, oldest first.
 */

/** Changes with the format of the lines. */
export const CHECKPOINT_VERSION = 1;

const text = z.string();

const headerSchema = z.object({
  type: z.literal('book'),
  version: z.literal(CHECKPOINT_VERSION),
  dayId: text,
  /** When the journal began. */
  openedAtMs: z.number(),
  /** Orders that were over before that day have been moved to the archive. */
  retiredBefore: text.exactOptional(),
  /** Token of the lease that the journal was written under last. */
  tenureToken: z.number().exactOptional(),
  /** Digest of the last record that is in it, so that it is not put in front of another journal. */
  record: text,
  instruments: z.array(z.object({ instrumentId: text, tick: text, step: text })),
  adjustments: z.array(text),
  flows: z.array(text).exactOptional(),
  fundings: z.array(text).exactOptional(),
  /** Of the slippage budgets of the day. */
  spent: spentSchema.exactOptional(),
  /** How many of the lines after this one are accounts. */
  accounts: z.int().min(0),
});

/** What a journal has to know beside the Book. */
export interface JournalFacts {
  /** When the journal began, by the wall clock. */
  readonly openedAtMs: number;
  /** Orders that were over before that day have been moved to the archive. */
  readonly retiredBefore: DayId | undefined;
  /** Of the lease that it was written under last, if any. */
  readonly tenureToken: number | undefined;
  /** Of the slippage budgets of the day that is open. */
  readonly spent: SpentStamps;
  /** The last record, in short. */
  readonly record: string;
}

export interface Checkpoint extends JournalFacts {
  readonly book: SavedBook;
}

/** What tells two records apart. */
export const recordDigest = (record: JsonValue | object): string =>
  createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 16);

/** The lines of a checkpoint, made one by one as they are taken. */
export function* checkpointLines(
  book: SavedBook,
  { openedAtMs, retiredBefore, tenureToken, spent, record }: JournalFacts,
): Iterable<object> {
  const instruments = new Map<string, Instrument>();
  const { accounts, adjustments, flows = [], fundings = [], dayId } = book;
  for (const { cells } of accounts)
    for (const { instrument } of cells) instruments.set(instrument.instrumentId, instrument);
  // Every order has had a hold, so its instrument has a cell.
  yield {
    type: 'book',
    version: CHECKPOINT_VERSION,
    dayId,
    openedAtMs,
    ...(retiredBefore !== undefined && { retiredBefore }),
    ...(tenureToken !== undefined && { tenureToken }),
    record,
    instruments: Array.from(instruments.values(), (instrument) => ({
      instrumentId: instrument.instrumentId,
      ...storedGrid(instrument),
    })),
    adjustments,
    ...(flows.length > 0 && { flows }),
    ...(fundings.length > 0 && { fundings }),
    ...spent.stored(),
    accounts: accounts.length,
  };
  for (const account of accounts) yield storedAccount(account);
  for (const order of book.orders) yield storedOrder(order);
}

/**
 * @throws {PortcullisError} `FORMAT_UNSUPPORTED`; `INPUT_INVALID` naming line and field, also for a value that does not stand
 *   on the grid of now; `INSTRUMENT_UNKNOWN`. Orders are read, and refused, as they are taken.
 */
export function readCheckpoint({ seq, lines }: Snapshot, instrumentOf: InstrumentOf): Checkpoint {
  const header = readHeader(seq, lines[0]);
  const rest = lines.slice(1);
  const on = new Map<string, Regrid>();
  for (const { instrumentId, ...grid } of header.instruments) {
    on.set(
      instrumentId,
      at(seq, 1, () => regrid(grid, instrumentOf(instrumentId))),
    );
  }
  const regridOf = (instrumentId: string): Regrid => {
    const found = on.get(instrumentId);
    if (found !== undefined) return found;
    throw new PortcullisError(
      'INPUT_INVALID',
      `instrumentId: expected one of the header, got ${instrumentId}`,
    );
  };
  const accounts = rest
    .slice(0, header.accounts)
    .map((line, index) => at(seq, index + 2, () => savedAccount(line, regridOf)));
  function* orders(): Iterable<SavedOrder> {
    for (let index = header.accounts; index < rest.length; index += 1) {
      yield at(seq, index + 2, () => {
        const stored = readStoredOrder('order', rest[index] ?? null);
        return savedOrder(stored, regridOf(stored.intent.instrumentId));
      });
    }
  }
  const {
    dayId,
    adjustments,
    flows = [],
    fundings = [],
    openedAtMs,
    retiredBefore,
    tenureToken,
    record,
  } = header;
  const book = { dayId, adjustments, flows, fundings, accounts, orders: orders() };
  const spent = new SpentStamps();
  at(seq, 1, () => {
    spent.restore(header.spent);
  });
  return { book, openedAtMs, retiredBefore, tenureToken, spent, record };
}

function readHeader(seq: number, line: JsonValue | undefined) {
  const { version } = { ...(line as { version?: JsonValue } | undefined) };
  if (version !== CHECKPOINT_VERSION) {
    throw new PortcullisError(
      'FORMAT_UNSUPPORTED',
      `snapshot of journal record ${seq}: version: expected ${CHECKPOINT_VERSION}, got ${version === undefined ? 'nothing' : JSON.stringify(version)}`,
    );
  }
  return at(seq, 1, () => parseInput('header', headerSchema, line));
}

/** What goes wrong in there is said to be wrong in that line. */
function at<T>(seq: number, line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const unknown = error instanceof PortcullisError && error.code === 'INSTRUMENT_UNKNOWN';
    const message = messageOf(error);
    throw new PortcullisError(
      unknown ? 'INSTRUMENT_UNKNOWN' : 'INPUT_INVALID',
      `snapshot of journal record ${seq}, line ${line}: ${message}`,
      { cause: error },
    );
  }
}
