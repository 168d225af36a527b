/** How the venue's records and ours may differ. */
export type DifferenceCode =
  /** A fill that we had not been told of; it has been booked. */
  | 'FILL_MISSED'
  /** A fill of an order that we never sent; it has been booked under `external`. */
  | 'FILL_EXTERNAL'
  /** The venue says more was filled than its fills add up to. */
  | 'FILL_UNLISTED'
  /** An order in doubt, or one whose end we missed: what became of it has been taken over. */
  | 'ORDER_SETTLED'
  /** The venue does not know the order, after a grace period and several looks: its hold has ended. */
  | 'ORDER_ABSENT'
  /** An order works at the venue that we never sent. */
  | 'ORDER_FOREIGN'
  /** An order that is over for us works at the venue; its cancel has been requested. */
  | 'ORDER_STILL_OPEN'
  /** Quantity or price of an order is another one than what we asked for. */
  | 'ORDER_CHANGED'
  | 'POSITION_MISMATCH'
  | 'BALANCE_MISMATCH'
  /** The venue tells of an instrument that is not configured. */
  | 'INSTRUMENT_FOREIGN';

/** One difference between the venue's records and ours. */
export interface Difference {
  readonly code: DifferenceCode;
  /** Whether our books now say what the venue says. What is not settled takes a person: `OrderDesk.adjust`. */
  readonly settled: boolean;
  readonly detail: string;
  /** Of a mismatch: what the venue has, less what we have. */
  readonly amount?: string;
  readonly accountId?: string;
  readonly instrumentId?: string;
  readonly clientOrderId?: string;
}

/** What a comparison with the venue has found. */
export type Reconciliation =
  | {
      readonly kind: 'reconciled';
      readonly atMs: number;
      /** Empty when all agrees. */
      readonly differences: readonly Difference[];
      /** Orders that are still in doubt, within their grace period. Their holds stand. */
      readonly inDoubt: readonly string[];
    }
  /** The venue could not be asked: nothing is known. */
  | { readonly kind: 'failed'; readonly atMs: number; readonly reason: string };

/** What restricts trading: someone else trades the account, or the venue contradicts us or itself. */
const HARMLESS: ReadonlySet<DifferenceCode> = new Set(['FILL_MISSED', 'ORDER_SETTLED', 'ORDER_ABSENT']);

export const restricts = ({ code, settled }: Difference): boolean => !settled || !HARMLESS.has(code);

/** What makes a difference the same as one seen before. */
export const differenceKey = (difference: Difference): string => {
  const { code, accountId, instrumentId, clientOrderId, amount, detail } = difference;
  return [code, accountId, instrumentId, clientOrderId, amount ?? detail].join(' ');
};
