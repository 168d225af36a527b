import { PortcullisError } from '../core/errors.ts';
import type { DecimalInput } from '../core/decimal.ts';
import { decimal } from '../core/decimal.ts';
import { type Principal, requirePerson } from '../core/principal.ts';
import type { BookReader } from '../trading/book.ts';
import type { Instrument } from '../trading/instrument.ts';
import { adjustment } from './journal/journal-adjusted.ts';
import { onDisk } from './on-disk.ts';
import type { Recorder } from './recorder.ts';

/** What a person has found to be true. */
export interface AdjustOrder {
  /** Chosen by the person: the same id is the same adjustment. */
  readonly adjustmentId: string;
  readonly accountId: string;
  /** Moves the position by `quantity` (signed, units of the base) at `price`, without cash. */
  readonly position?: {
    readonly instrumentId: string;
    readonly quantity: DecimalInput;
    readonly price: DecimalInput;
  };
  /** Added to the cash, in the currency of the account. Default 0. */
  readonly cash?: DecimalInput;
  /** A person. */
  readonly by: Principal;
  readonly reason: string;
}

/** What the verb needs of its desk. */
export interface AdjustDesk {
  readonly book: BookReader;
  readonly instruments: readonly Instrument[];
  readonly recorder: Recorder;
}

export async function adjust(desk: AdjustDesk, order: AdjustOrder): Promise<'adjusted' | 'duplicate'> {
  const { adjustmentId, accountId, position, cash = '0', by, reason } = order;
  requirePerson(by, reason, `adjust ${accountId}`);
  if (desk.book.account(accountId) === undefined) {
    throw new PortcullisError(
      'ACCOUNT_UNKNOWN',
      `accountId: expected a configured account, got ${accountId}`,
    );
  }
  if (position !== undefined && decimal(position.price, 'position.price').lt('0')) {
    const got = decimal(position.price).toFixed();
    throw new PortcullisError('INPUT_INVALID', `position.price: expected 0 or more, got ${got}`);
  }
  const read = adjustment(
    {
      adjustmentId,
      accountId,
      cash: decimal(cash, 'cash').toFixed(),
      ...(position && {
        position: {
          instrumentId: position.instrumentId,
          quantity: decimal(position.quantity, 'position.quantity').toFixed(),
          price: decimal(position.price, 'position.price').toFixed(),
        },
      }),
    },
    (instrumentId) => configured(desk.instruments, instrumentId),
  );
  const written = desk.recorder.adjusted(read, { by, reason });
  if (written === undefined) return 'duplicate';
  const kept = desk.recorder.kept({ kind: 'desk.adjusted', ...order });
  await onDisk(`adjustment ${adjustmentId}`, written, kept);
  return 'adjusted';
}

function configured(instruments: readonly Instrument[], instrumentId: string): Instrument {
  const found = instruments.find((one) => one.instrumentId === instrumentId);
  if (found !== undefined) return found;
  throw new PortcullisError(
    'INSTRUMENT_UNKNOWN',
    `position.instrumentId: expected a configured instrument, got ${instrumentId}`,
  );
}
