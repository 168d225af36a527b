/** What is needed of a lease to act under it. */
export interface Tenure {
  /** Grows with every owner of the lease: what carries a lower one comes from an owner of before. */
  readonly token: number;
  /** Whether it is still ours now, by the local monotonic clock. Ask in the tick in which you act; once false it stays false. */
  isHeld(): boolean;
}

/** A lease that has been acquired. It is renewed until it is released or lost. */
export interface LeaseHold extends Tenure {
  readonly name: string;
  readonly owner: string;
  /** Calls once when it has ended other than by `release()`: at once where that has happened already. */
  onLost(listener: (reason: string) => void): Disposable;
  /** Lets go of it, so that the next one need not wait for its end. Never rejects; a second call is harmless. */
  release(): Promise<void>;
}
