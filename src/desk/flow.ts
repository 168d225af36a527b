import { type Decimal, type DecimalInput, decimal } from '../core/decimal.ts';
import { PortcullisError } from '../core/errors.ts';
import { type Principal, requirePerson } from '../core/principal.ts';
import type { AccountView } from '../trading/account-view.ts';
import type { Book } from '../trading/book.ts';
import type { Booked } from '../trading/book-facts.ts';
import type { Instrument } from '../trading/instrument.ts';
import { instrumentsById } from './journal/journal-apply.ts';
import type { Journal } from './journal/journal.ts';
import { onDisk } from './on-disk.ts';
import type { Recorder } from './recorder.ts';

/** A deposit or a withdrawal, as it happened at the venue. */
export interface FlowOrder {
  /** Chosen by who reports it: the same id is the same flow. */
  readonly flowId: string;
  readonly accountId: string;
  /** Positive: a deposit; negative: a withdrawal. In the currency of the account. */
  readonly amount: DecimalInput;
  /** A person where equity is unknown, or not above 0: then the high-water mark cannot be scaled, and starts anew. */
  readonly by: Principal;
  readonly reason: string;
}

/** Funding of a linear instrument, as the venue settled it. */
export interface FundingOrder {
  /** The venue's: the same id is the same funding. */
  readonly fundingId: string;
  readonly accountId: string;
  readonly instrumentId: string;
  /** Positive: received; negative: paid. In the quote currency of the instrument. */
  readonly amount: DecimalInput;
  readonly by: Principal;
}

/** What the verbs need of their desk. */
export interface FlowDesk {
  readonly book: Book;
  readonly journal: Journal;
  readonly instruments: readonly Instrument[];
  readonly recorder: Recorder;
}

export async function flow(desk: FlowDesk, order: FlowOrder): Promise<'booked' | 'duplicate'> {
  const { flowId, accountId, by, reason } = order;
  const account = accountOf(desk, accountId);
  if (!(account.equity > 0)) requirePerson(by, reason, `flow of ${accountId} without positive equity`);
  const made = { flowId, accountId, amount: exact(order.amount) };
  if (isKnown(desk.book.flowOnce(made), `flow ${flowId}`)) return 'duplicate';
  const written = desk.recorder.written(desk.journal.flowed(made, { by, reason }), {
    kind: 'flowed',
    flow: made,
  });
  const kept = desk.recorder.kept({ kind: 'desk.flowed', ...order, amount: made.amount.toFixed() });
  await onDisk(`flow ${flowId}`, written, kept);
  return 'booked';
}

export async function fund(desk: FlowDesk, order: FundingOrder): Promise<'booked' | 'duplicate'> {
  const { fundingId, accountId, instrumentId } = order;
  accountOf(desk, accountId);
  const instrument = instrumentsById(desk.instruments)(instrumentId);
  if (instrument.kind !== 'linear') {
    throw new PortcullisError(
      'INSTRUMENT_KIND_UNSUPPORTED',
      `fund: ${instrumentId}: expected a linear instrument, got ${instrument.kind}`,
    );
  }
  const made = { fundingId, accountId, instrument, amount: exact(order.amount) };
  if (isKnown(desk.book.fund(made), `funding ${fundingId}`)) return 'duplicate';
  const written = desk.recorder.written(desk.journal.funded(made), { kind: 'funded', funding: made });
  const kept = desk.recorder.kept({ kind: 'desk.funded', ...order, amount: made.amount.toFixed() });
  await onDisk(`funding ${fundingId}`, written, kept);
  return 'booked';
}

const exact = (amount: DecimalInput): Decimal => decimal(amount, 'amount');

function accountOf({ book }: FlowDesk, accountId: string): AccountView {
  const account = book.account(accountId);
  if (account !== undefined) return account;
  throw new PortcullisError('ACCOUNT_UNKNOWN', `accountId: expected a configured account, got ${accountId}`);
}

function isKnown(booked: Booked, what: string): boolean {
  if (booked !== 'unsafe') return booked === 'duplicate';
  throw new PortcullisError(
    'NUMBER_INVALID',
    `${what}: expected money that can be counted exactly, up to 9 billion`,
  );
}
