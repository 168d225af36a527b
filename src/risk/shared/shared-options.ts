import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { PortcullisError } from '../../core/errors.ts';
import type { StateSignals } from '../../storage/state-signals.ts';
import type { StateStore } from '../../storage/state-store.ts';
import type { KillSwitch } from '../kill-switch.ts';
import type { SharedLinkState } from './shared-link.ts';

export const sharedOptionsSchema = z
  .strictObject({
    /** Of the entry that all processes share. */
    key: z.string().min(1).max(256).default('shared-kill-switch'),
    /** How often the entry is looked at, whether or not it was announced. */
    pollMs: z.number().min(1).max(1_000).default(500),
    /** For how long the last look is good: after that only exits pass. */
    maxAgeMs: z.number().min(1).default(3_000),
    /** For how long only exits pass after the entry was begun, so that everybody can write what they know. Default: `maxAgeMs`. */
    settleMs: z.number().min(0).optional(),
    /** How long the store may take to answer. */
    timeoutMs: z.number().min(1).default(1_000),
    /** How many releases are remembered for those that were not there. */
    maxTombstones: z.int().min(1).max(10_000).default(256),
    /** For how long, by the wall clock. Default: 30 days. */
    tombstoneAgeMs: z
      .number()
      .min(1)
      .default(30 * 86_400_000),
  })
  .refine(({ pollMs, maxAgeMs }) => maxAgeMs > pollMs, {
    path: ['maxAgeMs'],
    message: 'expected more than pollMs',
  })
  .transform((options) => ({ ...options, settleMs: options.settleMs ?? options.maxAgeMs }));

/** @interface */
export type SharedKillSwitchOptions = z.input<typeof sharedOptionsSchema>;

export interface SharedKillSwitchDeps {
  /** Of this process, with a record of its own on its own disk. */
  readonly killSwitch: KillSwitch;
  /** The one that all processes share. */
  readonly store: Pick<StateStore, 'get' | 'set'>;
  /** Tells of a trip before the next look. */
  readonly signals?: StateSignals;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'every' | 'deadline'>;
}

/** How a shared kill switch stands with the others. */
export interface SharedKillSwitchStatus {
  readonly link: SharedLinkState;
  /** How long ago the entry was last known to be as it is known here; `undefined` for never. */
  readonly ageMs: number | undefined;
  /** Trips that the others do not know yet. */
  readonly unshared: number;
  /** Looks that an announcement asked for, and those of the timer. */
  readonly pushes: number;
  readonly polls: number;
  /** Writes that somebody else was faster than. */
  readonly conflicts: number;
  /** What the last look met. */
  readonly error?: PortcullisError;
}
