import { z } from 'zod';
import type { AuditTrail } from '../../../audit/audit-log.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Principal } from '../../../core/principal.ts';
import type { KillSwitch } from '../../../risk/kill-switch.ts';
import type { StateSignals } from '../../../storage/state-signals.ts';
import type { StateStore } from '../../../storage/state-store.ts';
import type { ShareLimits } from './share-limits.ts';
import type { ShareAmounts } from './share-record.ts';

export const sharesOptionsSchema = z.strictObject({
  /** The desk of this process. Without one it only looks, shares out and moves. */
  desk: z.string().min(1).optional(),
  /** Of the entry that all desks share. */
  key: z.string().min(1).max(256).default('limit-shares'),
  /** How often the entry is looked at. */
  pollMs: z.number().min(1).default(1_000),
  /**
   * Whether `local` moves with the desk, such as a store beside its journal. Then the share remembered there counts while the shared
   * store cannot be read. Otherwise it may be from before the desk was elsewhere, and only exits pass until then.
   */
  localFollowsDesk: z.boolean().default(false),
  /** How long a store or the audit log may take to answer. */
  timeoutMs: z.number().min(1).default(2_000),
});

/** @interface */
export type LimitSharesOptions = z.input<typeof sharesOptionsSchema>;

export interface LimitSharesDeps {
  /** The one that all desks share. */
  readonly store: Pick<StateStore, 'get' | 'set'>;
  /** Remembers the share that was in force last: of the desk (see `localFollowsDesk`), or of this process. */
  readonly local: Pick<StateStore, 'get' | 'set'>;
  readonly limits: ShareLimits;
  /** Lets only exits through while no share is known. */
  readonly killSwitch: Pick<KillSwitch, 'restrainUnless'>;
  readonly audit: AuditTrail;
  readonly signals?: StateSignals;
  readonly clock: Pick<Clock, 'nowMs' | 'every' | 'deadline'>;
}

/** Money as text, by limit. */
export interface ShareMoveOrder {
  readonly from: string;
  readonly to: string;
  readonly amounts: ShareAmounts;
  /** A person. */
  readonly by: Principal;
  readonly reason: string;
}

export interface ShareOutOrder {
  /** The limits of the firm. */
  readonly firm: ShareAmounts;
  /** By desk; not more than there is. What is left over belongs to nobody. */
  readonly shares: Readonly<Record<string, ShareAmounts>>;
  /** A person. */
  readonly by: Principal;
  readonly reason: string;
}

export interface FirmLimitsOrder {
  /** The limits of the firm from now on. */
  readonly firm: ShareAmounts;
  /** By desk, its whole share from now on; the others keep theirs. Also of a desk that had none, or is gone for good. */
  readonly shares?: Readonly<Record<string, ShareAmounts>>;
  /** A person. */
  readonly by: Principal;
  readonly reason: string;
}
