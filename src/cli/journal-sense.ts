import { decimal } from '../core/decimal.ts';
import { recordDigest } from '../desk/journal/journal-checkpoint.ts';
import { fieldsOf } from '../desk/journal/journal-intent.ts';
import type { JsonValue } from '../storage/json.ts';
import type { Snapshot } from '../storage/snapshot-store.ts';
import { isOpen, type OrderState } from '../trading/order-life-cycle.ts';

/** An order that the journal speaks of. */
interface Known {
  /** Trading day of the last thing that happened to it. */
  day: string;
  isOver: boolean;
  /** What is not filled yet. */
  left: string;
}

const ENDS: ReadonlySet<unknown> = new Set(['abandoned', 'rejected', 'cancelled', 'expired', 'absent']);
const EVENTS: ReadonlySet<unknown> = new Set([
  ...ENDS,
  'accepted',
  'timedOut',
  'filled',
  'cancelRequested',
  'cancelFailed',
  'amendRequested',
  'amended',
  'amendFailed',
]);

/**
 * Which records of a damaged journal still make sense without the lost ones, so that what is kept can be replayed. What
 * happened to an order whose submission is lost makes none: positions and fills of it come back from the venue. Records
 * of other logs all do.
 */
export class JournalSense {
  readonly #snapshotSeq: number;
  readonly #known = new Map<string, Known>();
  #day: string;
  #retiredBefore: string;
  #knowsAccounts: boolean;

  /** @param snapshot the newest good one: what is in it needs no record */
  constructor(snapshot: Snapshot | undefined) {
    this.#snapshotSeq = snapshot?.seq ?? 0;
    this.#knowsAccounts = snapshot !== undefined;
    const [header, ...rest] = snapshot?.lines ?? [];
    const { dayId, retiredBefore } = fieldsOf(header);
    this.#day = textOf(dayId);
    this.#retiredBefore = textOf(retiredBefore);
    for (const line of rest) this.#take(line);
  }

  /** Whether the kept records, or the snapshot, say which accounts there are. Without, a journal cannot be replayed. */
  get knowsAccounts(): boolean {
    return this.#knowsAccounts;
  }

  /** Why a record cannot stay; undefined when it can. To be asked once for each, in order. */
  refuse(record: JsonValue, seq: number): string | undefined {
    const fields = fieldsOf(record);
    const { type, clientOrderId } = fields;
    // What has no type is a record of another log, which names no accounts.
    if (type === 'opened' || type === undefined) this.#knowsAccounts = true;
    if (seq <= this.#snapshotSeq) return undefined; // it is in the snapshot, and not replayed
    if (type === 'opened' || type === 'dayRolled') this.#day = textOf(fields['dayId']);
    else if (type === 'retired') this.#retiredBefore = textOf(fields['before']);
    else if (type === 'revived') this.#take(fields['order']);
    else if (typeof clientOrderId !== 'string') return undefined;
    else if (type === 'submitting') {
      this.#known.set(clientOrderId, { day: this.#day, isOver: false, left: textOf(fields['quantity']) });
    } else if (EVENTS.has(type)) return this.#follow(clientOrderId, textOf(type), fields);
    return undefined;
  }

  #follow(clientOrderId: string, type: string, fields: ReturnType<typeof fieldsOf>): string | undefined {
    const known = this.#known.get(clientOrderId);
    // What was over for long is out of memory: the record that brought it back is lost, too.
    const isGone = known?.isOver === true && known.day < this.#retiredBefore;
    if (known === undefined || isGone) return `${type} of order ${clientOrderId}, whose submission is lost`;
    known.day = this.#day;
    if (type === 'filled') known.left = less(known.left, textOf(fields['quantity']));
    known.isOver ||= ENDS.has(type) || isNothing(known.left);
    return undefined;
  }

  /** An order as it is kept in snapshots, and when it is brought back. */
  #take(stored: JsonValue | undefined): void {
    const { clientOrderId, dayId, state, leaves } = fieldsOf(stored);
    if (typeof clientOrderId !== 'string') return;
    const isOver = leaves === undefined && !isOpen(state as OrderState);
    this.#known.set(clientOrderId, { day: textOf(dayId), isOver, left: '' });
  }
}

/** Makes a snapshot go on from the record in whose place it stands now. Other snapshots stay as they are. */
export function rebaseCheckpoint(lines: readonly JsonValue[], last: JsonValue): readonly JsonValue[] {
  const [header, ...rest] = lines;
  const { type, record } = fieldsOf(header);
  if (type !== 'book' || typeof record !== 'string') return lines;
  return [{ ...fieldsOf(header), record: recordDigest(last) }, ...rest];
}

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

/** `NaN` where a quantity is not known. */
function less(left: string, filled: string): string {
  try {
    return decimal(left, 'left').minus(decimal(filled, 'filled')).toFixed();
  } catch {
    return '';
  }
}

const isNothing = (left: string): boolean => left !== '' && Number(left) <= 0;
