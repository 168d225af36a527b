import { z } from 'zod';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import type { TradingDay } from '../core/trading-day.ts';
import type { ExecutionPolicy } from '../execution/execution-policy.ts';
import type { KillSwitch } from '../risk/kill-switch.ts';
import type { RiskGuard } from '../risk/risk-guard.ts';
import type { Book } from '../trading/book.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { Journal } from './journal.ts';

export const orderDeskOptionsSchema = z.strictObject({
  /** How long the venue may take to answer before the order counts as unknown. */
  venueTimeoutMs: z.number().gt(0).default(5_000),
});

/** @interface */
export type OrderDeskOptions = z.input<typeof orderDeskOptionsSchema>;

/** What a desk composes, but for the venue. */
export interface DeskParts {
  readonly book: Book;
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly killSwitch: KillSwitch;
  readonly journal: Journal;
  readonly instruments: readonly Instrument[];
  readonly clock: Clock;
  /** Default: UTC days. */
  readonly tradingDay?: TradingDay;
  /** Every verdict and every anomaly is recorded there. */
  readonly audit?: Pick<AuditLog, 'record'>;
  /** Measures decisions where the clock is not the machine's. Default: the clock. */
  readonly stopwatch?: Pick<Clock, 'monotonicMs'>;
}

/** @throws {PortcullisError} `OPTION_INVALID` when parts were made for another desk: then a trip or a restart would be about something else */
export function checkParts({ book, guard, journal, killSwitch }: DeskParts): void {
  const stranger =
    journal.book !== book
      ? 'journal: expected one over the same Book'
      : !guard.obeys(killSwitch)
        ? 'guard: expected one that obeys the same KillSwitch'
        : undefined;
  if (stranger !== undefined) throw new PortcullisError('OPTION_INVALID', `OrderDesk: ${stranger}`);
}
