import { type Clock, onDispose } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import type { KillRecord } from './kill-record.ts';
import type { KillSwitchListeners } from './kill-switch-change.ts';
import { scopeKey } from './trading-state.ts';
import type { TripReport } from './trip-order.ts';
import { type CancelResult, type WorkingOrders, cancelThrough } from './working-orders.ts';

/** The cancels of a trip. */
export interface Cancels {
  readonly requested: readonly string[];
  readonly confirmed: Promise<CancelResult>;
  readonly error: PortcullisError | undefined;
  readonly atMs: number;
}

/** For how long a trip that tightens nothing is answered with the cancels of the one before: many may come at once. */
const REPEAT_MS = 5_000;

/** Has every desk that shares a switch cancel what a trip concerns. */
export class TripCancels {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #listeners: KillSwitchListeners;
  readonly #workingOrders = new Set<WorkingOrders>();
  /** Detached since the last one was attached. */
  readonly #detached = new Set<WorkingOrders>();
  /** The last of each scope. */
  readonly #cancels = new Map<string, Cancels>();

  constructor(clock: Pick<Clock, 'nowMs'>, listeners: KillSwitchListeners) {
    this.#clock = clock;
    this.#listeners = listeners;
  }

  attach(workingOrders: WorkingOrders): Disposable {
    this.#workingOrders.add(workingOrders);
    this.#detached.clear();
    this.#cancels.clear(); // it has not been asked for what was tripped before
    return onDispose(() => {
      if (this.#workingOrders.delete(workingOrders)) this.#detached.add(workingOrders);
    });
  }

  /** Whether every desk that has the switch, or had it last, has been deposed. */
  get #isDeposed(): boolean {
    const desks = [...this.#workingOrders, ...this.#detached];
    return desks.length > 0 && desks.every((desk) => isDeposed(desk));
  }

  /**
   * The answer to a trip that does not count: one that a program asks for over desks that are all deposed. It would stop the
   * desk that trades now, by what is not seen here any more. That of a person counts.
   */
  refusal(by: Principal, record: KillRecord): Promise<TripReport> | undefined {
    if (!this.#isDeposed || (by as Partial<Principal> | undefined)?.kind !== 'system') return undefined;
    const error = new PortcullisError(
      'LEASE_LOST',
      `trip ${scopeKey(record.scope)}: another process trades now`,
    );
    const confirmed = Promise.resolve({ left: [], unprotected: [] });
    return Promise.resolve({ record, cancelRequested: [], confirmed, durable: false, error });
  }

  /** Those of a moment ago where a trip tightens nothing, else new ones. */
  of(record: KillRecord, tightens: boolean): Cancels {
    const before = tightens ? undefined : this.#lately(scopeKey(record.scope));
    return before ?? this.#cancel(record, tightens);
  }

  /** What a scope was asked for a moment ago. */
  #lately(key: string): Cancels | undefined {
    const cancels = this.#cancels.get(key);
    const ageMs = this.#clock.nowMs() - (cancels?.atMs ?? NaN);
    return ageMs >= 0 && ageMs < REPEAT_MS ? cancels : undefined;
  }

  #cancel(record: KillRecord, tightens: boolean): Cancels {
    const { scope, state } = record;
    let error: PortcullisError | undefined;
    const onFailed = (cause: unknown): void => {
      error = new PortcullisError('CALLBACK_FAILED', 'the cancels of a trip failed', { cause });
      this.#listeners.tell({ kind: 'failed', record, error });
    };
    const rule = state === 'halted' ? 'all' : 'not-reducing';
    const { requested, settled } = cancelThrough(this.#workingOrders, scope, rule, onFailed);
    const confirmed = settled.then((result) => {
      if (tightens || requested.length > 0) this.#listeners.tell({ kind: 'confirmed', record, result });
      return result;
    });
    const cancels = { requested, confirmed, error, atMs: this.#clock.nowMs() };
    this.#cancels.set(scopeKey(scope), cancels);
    return cancels;
  }
}

/** Only a plain `true` counts: a trip too many is the lesser evil. */
function isDeposed(desk: WorkingOrders): boolean {
  try {
    return desk.isDeposed?.() === true;
  } catch {
    return false;
  }
}
