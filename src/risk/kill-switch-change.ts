import { onDispose } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import type { KillRecord } from './kill-record.ts';
import type { CancelResult } from './working-orders.ts';

/** What a kill switch tells. */
export type KillSwitchChange =
  | { readonly kind: 'tripped'; readonly record: KillRecord }
  /** The cancels of a trip have come to their end. A repeated trip that had nothing to cancel is not told. */
  | { readonly kind: 'confirmed'; readonly record: KillRecord; readonly result: CancelResult }
  | {
      readonly kind: 'released';
      readonly record: KillRecord;
      readonly reason: string;
      readonly by: Principal;
      readonly second?: Principal;
    }
  /** In force, or changed its reason; lasts as long as a condition of this process. */
  | { readonly kind: 'restrained'; readonly record: KillRecord }
  | { readonly kind: 'unrestrained'; readonly record: KillRecord }
  /** One order may go out of halted, if it is an exit. */
  | {
      readonly kind: 'exit-permitted';
      readonly clientOrderId: string;
      readonly reason: string;
      readonly by: Principal;
      readonly atMs: number;
    }
  /** The disk, the cancels or a listener failed. The state is what it would have been without. */
  | { readonly kind: 'failed'; readonly record?: KillRecord; readonly error: PortcullisError };

/** Those who are told. One that throws stops neither the others nor the switch. */
export class KillSwitchListeners {
  readonly #listeners = new Set<(change: KillSwitchChange) => void>();

  add(listener: (change: KillSwitchChange) => void): Disposable {
    const one = (change: KillSwitchChange): void => {
      listener(change);
    };
    this.#listeners.add(one);
    return onDispose(() => void this.#listeners.delete(one));
  }

  tell(change: KillSwitchChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (cause) {
        if (change.kind === 'failed') continue;
        const error = new PortcullisError('CALLBACK_FAILED', `a listener failed on ${change.kind}`, {
          cause,
        });
        this.tell({ kind: 'failed', ...('record' in change && { record: change.record }), error });
      }
    }
  }
}
