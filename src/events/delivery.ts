import type { BusEvent } from './bus-event.ts';
import type { DeadReason } from './dead-letter.ts';

/** An event that a bus has given to a member of a group. */
export interface Delivery {
  readonly topic: string;
  readonly position: string;
  /** Earlier attempts, by whichever process. */
  readonly attempts: number;
  /** Whether they have failed, as far as is known: otherwise they may have ended with their process. */
  readonly hasFailed?: boolean | undefined;
  readonly event: BusEvent;
}

/** What a member tells the bus. All of it is called at most once for a delivery, but for `onRetry`. */
export interface MemberListener<T extends Delivery> {
  /** Handled. Called within `offer` where the handler returned no promise. */
  onDone(delivery: T): void;
  /** Will not be tried again; the delivery stays in flight, and its key stands still, until the promise resolves. Never rejects. */
  onDead(
    delivery: T,
    because: { readonly reason: DeadReason; readonly detail: string; readonly attempts: number },
  ): Promise<void>;
  /** An attempt failed, and another one will follow after `delayMs`. */
  onRetry?(
    delivery: T,
    failed: { readonly attempts: number; readonly delayMs: number; readonly detail: string },
  ): void;
  /** There is room for more after there was none. */
  onRoom(): void;
}
