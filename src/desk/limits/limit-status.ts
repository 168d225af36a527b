import type { PortcullisError } from '../../core/errors.ts';
import type { LimitDifference } from './limit-difference.ts';
import type { LimitRecord } from './limit-record.ts';

/** What a change came to. */
export interface LimitChange {
  readonly kind: 'changed' | 'unchanged';
  readonly differences: readonly LimitDifference[];
  /** SHA-256 of the limits in force before and after. */
  readonly before: string;
  readonly after: string;
}

/** Where the limits came from at the start. */
export type LimitSource =
  /** Nothing was ever recorded: the engines keep what they were configured with. */
  | { readonly kind: 'configured' }
  /** What was recorded is in force, whatever the engines were configured with; `differences` from that. */
  | {
      readonly kind: 'recorded';
      readonly record: LimitRecord;
      readonly differences: readonly LimitDifference[];
    }
  /** Entries are stopped. */
  | { readonly kind: 'unreadable'; readonly error: PortcullisError };

export interface LimitStatus {
  /**
   * `settled`: what is in force is on disk. `changing`: a change is being written. `unsettled`: one has failed, and its
   * limits stay in force beside those of before. `unreadable`: nobody can say what was recorded; only exits pass.
   */
  readonly kind: 'settled' | 'changing' | 'unsettled' | 'unreadable';
  /** SHA-256 of the limits in force, but for those that stand beside them for a while. */
  readonly hash: string;
  /** Why it is unsettled or unreadable. */
  readonly error?: PortcullisError;
}
