import type { JournalRecord } from 'portcullis/desk';

type Of<T extends JournalRecord['type']> = Extract<JournalRecord, { type: T }>;

/** An order as the journal has it. */
export interface JournalOrderRecord {
  readonly submitting: Of<'submitting'>;
  readonly amendRequested: Of<'amendRequested'>[];
  readonly fills: (Of<'filled'> | Of<'external'>)[];
  /** The last word on it, fills aside. */
  end: 'cancelled' | 'expired' | 'rejected' | 'absent' | 'abandoned' | undefined;
}

/** What the journal says, record by record. */
export interface JournalRecords {
  readonly orders: ReadonlyMap<string, JournalOrderRecord>;
  /** Ids that were written down as submitted more than once. */
  readonly twice: readonly string[];
  /** Fills of orders that were never submitted. */
  readonly strangers: readonly (Of<'filled'> | Of<'external'>)[];
}

export function readJournal(records: Iterable<JournalRecord>): JournalRecords {
  const orders = new Map<string, JournalOrderRecord>();
  const twice: string[] = [];
  const strangers: (Of<'filled'> | Of<'external'>)[] = [];
  for (const record of records) {
    if (!('clientOrderId' in record)) continue;
    const order = orders.get(record.clientOrderId);
    if (record.type === 'submitting') {
      if (order !== undefined) twice.push(record.clientOrderId);
      else {
        const fresh = { submitting: record, amendRequested: [], fills: [], end: undefined };
        orders.set(record.clientOrderId, fresh);
      }
    } else if (order !== undefined) take(order, record);
    else if (record.type === 'filled' || record.type === 'external') strangers.push(record);
  }
  return { orders, twice, strangers };
}

function take(order: JournalOrderRecord, record: JournalRecord): void {
  switch (record.type) {
    case 'amendRequested':
      order.amendRequested.push(record);
      return;
    case 'filled':
    case 'external':
      order.fills.push(record);
      return;
    case 'accepted':
      // Heard of after all.
      if (order.end === 'rejected' || order.end === 'absent') order.end = undefined;
      return;
    case 'cancelled':
    case 'expired':
    case 'rejected':
    case 'absent':
    case 'abandoned':
      order.end = record.type;
      return;
    default:
      return;
  }
}
