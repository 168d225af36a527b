import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import type { TradingDay } from '../core/trading-day.ts';
import type { ExecutionPolicy } from '../execution/execution-policy.ts';
import type { KillSwitch } from '../risk/kill-switch.ts';
import type { OverrideRegister } from '../risk/overrides/override-register.ts';
import type { RiskGuard } from '../risk/risk-guard.ts';
import type { Tenure } from '../storage/lease-hold.ts';
import type { Book } from '../trading/book.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { DeskAudit } from './desk-audit.ts';
import type { Journal } from './journal/journal.ts';
import { checkEngines } from './order-path.ts';

/** When an order in doubt is looked up, and when one that the venue does not know counts as absent. */
const lookupSchema = z.strictObject({
  /** Before the first look. Each further one waits twice as long. */
  firstDelayMs: z.number().min(1).default(250),
  maxDelayMs: z.number().min(1).default(30_000),
  /** How long, from the first look that did not find it. */
  graceMs: z.number().min(0).default(30_000),
  /** How many looks must not have found it. */
  looks: z.int().min(1).default(3),
});

export const orderDeskOptionsSchema = z.strictObject({
  /** How long the venue may take to answer before the order counts as unknown. */
  venueTimeoutMs: z.number().gt(0).default(5_000),
  /** How long the audit log may take to keep a record before it counts as failed. */
  auditTimeoutMs: z.number().gt(0).default(5_000),
  /** How often the venue's records are compared with ours while running. */
  reconcileEveryMs: z.union([z.number().min(1), z.literal('never')]).default(60_000),
  /** What is cancelled when the connection to the venue is lost, as far as the venue can still be asked to. */
  cancelOnDisconnect: z.enum(['not-reducing', 'all', 'none']).default('not-reducing'),
  lookup: lookupSchema.prefault({}),
  /** Of which verdicts the audit log takes down what they were made from, so that they can be made again. */
  verdictInputs: z.enum(['all', 'denied', 'none']).default('all'),
  /** How far behind the newest fill seen fills are asked for again: a venue may list one late. */
  fillsOverlapMs: z.number().min(0).default(300_000),
  /** How far before the end of the journal fills are asked for after a restart, but not to before it began. */
  fillsLookBackMs: z.number().min(0).default(86_400_000),
});

/** The options, read. */
export type DeskRules = z.output<typeof orderDeskOptionsSchema>;

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
  /**
   * Asked in the tick of each request to the venue: once it is not held any more, nothing is sent, written or tripped. The one
   * that the journal was opened under. Default: needs none.
   */
  readonly tenure?: Tenure;
  /** Takes the overrides that orders come with. Default: none is taken. */
  readonly overrides?: OverrideRegister;
  /** Every verdict and every anomaly is recorded there. No entry goes out before its verdict is kept. */
  readonly audit?: DeskAudit;
  /** Measures decisions where the clock is not the machine's. Default: the clock. */
  readonly stopwatch?: Pick<Clock, 'monotonicMs'>;
}

/** @throws {PortcullisError} `ENGINE_NOT_GENUINE`; `OPTION_INVALID` when parts were made for another desk: then a trip or a restart would be about something else */
export function checkParts(parts: DeskParts, venue: string): void {
  const { book, guard, policy, journal, killSwitch, tenure } = parts;
  checkEngines({ book, guard, policy });
  const of = (named: string | undefined): string | undefined =>
    named === undefined || named === venue
      ? undefined
      : `expected one of venue ${venue}, got one of ${named}`;
  const strangers = {
    journal: journal.book === book ? undefined : 'expected one over the same Book',
    tenure: journal.tenure === tenure ? undefined : 'expected the one that the journal was opened under',
    // A restriction of our venue must concern our orders.
    killSwitch: of(killSwitch.venue),
    guard: guard.obeys(killSwitch) ? of(guard.venueName) : 'expected one that obeys the same KillSwitch',
  };
  for (const [part, why] of Object.entries(strangers)) {
    if (why !== undefined) throw new PortcullisError('OPTION_INVALID', `OrderDesk: ${part}: ${why}`);
  }
}
