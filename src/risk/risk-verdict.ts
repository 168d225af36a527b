import type { Lots } from '../core/units.ts';
import type { Denial } from '../trading/denial.ts';
import type { Reservation } from './reservation.ts';

/** @inline */
interface Rejected {
  readonly decision: 'reject';
  /** All of them, not the first. */
  readonly denials: readonly Denial[];
}

/** @inline */
interface Passed {
  readonly quantity: Lots;
  readonly isExit: boolean;
  /** Age of the mark that the order was judged at, milliseconds. */
  readonly markAgeMs: number;
}

/** What the guard would say. */
export type RiskVerdict =
  | ({ readonly decision: 'approve' } & Passed)
  | ({ readonly decision: 'resize'; readonly because: Denial } & Passed)
  | Rejected;

/** What the guard says: whatever passes is held. */
export type ReserveVerdict =
  | ({ readonly decision: 'approve'; readonly reservation: Reservation } & Passed)
  | ({ readonly decision: 'resize'; readonly because: Denial; readonly reservation: Reservation } & Passed)
  | Rejected;
