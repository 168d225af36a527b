import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { StateStore } from '../../storage/state-store.ts';
import type { Logger, MetricsRegistry } from '../../telemetry/index.ts';
import type { Book } from '../../trading/book.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { Journal } from '../journal/journal.ts';
import type { OutboxLog } from './outbox-log.ts';

export const journalRelayOptionsSchema = z.strictObject({
  /** What the desk is called: its events come from `/desk/<name>`, and the store has keys `relay/<name>`. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'expected 1 to 64 lower-case letters, digits and hyphens'),
  /** How often, at most, it is saved how far the relay is. After a crash the bus gets so much once more, and knows it. */
  saveEveryMs: z.number().min(1).default(250),
  /** Longest wait before the second attempt to publish; doubles with each, full jitter. */
  backoffMs: z.number().min(1).default(100),
  /** Longest wait before any. */
  maxBackoffMs: z.number().min(1).default(30_000),
  /**
   * How long a group may be behind and still miss nothing when the bus loses what it held (`BusStatus.generation`): what was told within this
   * time, and up to as much again, is told once more then. So long the log keeps its records.
   */
  rewindMs: z.number().min(1_000).default(900_000),
});

/** @interface */
export type JournalRelayOptions = z.input<typeof journalRelayOptionsSchema>;

/** The options, read. */
export type RelayRules = z.output<typeof journalRelayOptionsSchema>;

export interface JournalRelayDeps {
  /** Its catalogue has to have what a desk tells: `TRADING_EVENTS`. Without `status` it counts as one that loses nothing. */
  readonly bus: Pick<EventBus, 'publish'> & Partial<Pick<EventBus, 'status'>>;
  /** The one that the journal was opened on. */
  readonly log: OutboxLog;
  readonly journal: Pick<Journal, 'recovered'>;
  /** That of the journal: for where to begin when what was before is not known. It is only read. */
  readonly book: Pick<Book, 'snapshot'>;
  readonly instruments: readonly Instrument[];
  /** Remembers how far the relay is. */
  readonly store: StateStore;
  readonly clock: Clock;
  readonly metrics?: MetricsRegistry | undefined;
  readonly logger?: Logger | undefined;
  /** For the jitter. Default: that of the machine. */
  readonly random?: (() => number) | undefined;
}

/** How a relay is. */
export interface RelayStatus {
  /** The last record that the bus has. */
  readonly seq: number;
  /** Durable records that it does not have yet. */
  readonly lag: number;
  /** Records that it will never have, since this was opened; told again they count again. */
  readonly lost: number;
  /** How often the bus had lost what it held, and was told again what groups may not have had, since this was opened. */
  readonly rewinds: number;
  /** Why the last attempt failed, while it is being tried again. */
  readonly error?: string | undefined;
}
