import type { Denial } from '../trading/denial.ts';
import type { AnomalyCode, OrderEvent } from '../trading/order-event.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { Adjustment, Flow, Funding } from '../trading/saved-book.ts';
import type { DifferenceCode, Reconciliation } from './reconcile/difference.ts';
import type { DayRolled } from '../trading/book.ts';

/** Something that should not have happened; trading has been restricted. */
export interface DeskAnomaly {
  readonly code: AnomalyCode | DifferenceCode | 'REPORT_INVALID' | 'DISK_FAILED';
  readonly clientOrderId?: string;
  readonly detail: string;
}

/** What a desk tells. */
export type DeskEvent =
  /** An intent was decided; nothing has been sent yet. */
  | {
      readonly kind: 'decided';
      readonly intent: OrderIntent;
      readonly decision: 'held' | 'denied' | 'duplicate';
      /** Why not, or why less. */
      readonly denials: readonly Denial[];
      /** What the decision took, by the desk's stopwatch. */
      readonly tookMs: number;
    }
  /** Something happened to an order, and it is on disk. */
  | { readonly kind: 'order'; readonly event: OrderEvent; readonly order: OrderView }
  | ({ readonly kind: 'anomaly' } & DeskAnomaly)
  /** The venue's records have been compared with ours, or could not be. */
  | { readonly kind: 'reconciled'; readonly result: Reconciliation }
  /** A person has said what is true. */
  | { readonly kind: 'adjusted'; readonly adjustment: Adjustment }
  /** A deposit or a withdrawal. */
  | { readonly kind: 'flowed'; readonly flow: Flow }
  | { readonly kind: 'funded'; readonly funding: Funding }
  | { readonly kind: 'day-rolled'; readonly day: DayRolled };

export type DeskListener = (event: DeskEvent) => void;
