import { system } from '../../core/principal.ts';
import type { BookedOrder } from '../../trading/order-event.ts';
import type { KillSwitch } from '../kill-switch.ts';
import type { OrderSign, OrderTracker, SentOrder } from './order-tracker.ts';

/** The part of a kill switch that makes a latch durable. */
export type LatchSwitch = Partial<Pick<KillSwitch, 'trip'>>;

interface Latched {
  /** What was sent last. */
  readonly clientOrderId: string;
  readonly reason: string;
}

const BY = system('repeated-execution');

/**
 * Strategies that may not enter until a named person lets them. A latch counts at once and in memory, so that the order
 * that closes it still goes out; when something has happened to that order the kill switch is tripped for the strategy,
 * which is durable, and the latch opens: from there on the release of the switch decides. Without a switch that can be
 * tripped it stays closed.
 */
export class StrategyLatch implements OrderTracker {
  readonly #switch: LatchSwitch;
  readonly #latched = new Map<string, Latched>();

  constructor(killSwitch: LatchSwitch) {
    this.#switch = killSwitch;
  }

  close({ strategyId, clientOrderId }: SentOrder, reason: string): void {
    if (!this.#latched.has(strategyId)) this.#latched.set(strategyId, { clientOrderId, reason });
  }

  /** Why a strategy may not enter; `undefined` when it may. */
  why(strategyId: string): string | undefined {
    return this.#latched.get(strategyId)?.reason;
  }

  kept(): void {
    // The gate that counts closes the latch.
  }

  happened({ clientOrderId }: OrderSign, { strategyId }: BookedOrder): void {
    const latched = this.#latched.get(strategyId);
    if (latched?.clientOrderId !== clientOrderId || this.#switch.trip === undefined) return;
    // Not within the event: its record comes first in the journal, then what the trip cancels.
    queueMicrotask(() => {
      this.#trip(strategyId, latched);
    });
  }

  #trip(strategyId: string, latched: Latched): void {
    if (this.#latched.get(strategyId) !== latched) return;
    const scope = { kind: 'strategy', id: strategyId } as const;
    // In force when it returns; the promise is about the disk, and the switch tells of what fails there.
    void this.#switch.trip?.({ scope, to: 'reducing', reason: latched.reason, by: BY });
    this.#latched.delete(strategyId);
  }
}
