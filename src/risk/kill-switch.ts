import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import { type Principal, requirePerson } from '../core/principal.ts';
import type { StateStore } from '../storage/state-store.ts';
import {
  FIRM,
  type Scope,
  type Scoped,
  type TradingState,
  inScope,
  scopeKey,
  stricter,
} from './trading-state.ts';

/** What a trip cancels: all working orders in scope, or those that do not reduce the position as it is now. */
export type CancelRule = 'all' | 'not-reducing';

/** The port through which a trip cancels. The desk implements it. */
export interface WorkingOrders {
  /** Asks the venue to cancel, and returns the client order ids it was asked for. Never throws. */
  cancel(scope: Scope, rule: CancelRule): readonly string[];
}

export interface TripOrder {
  /** Default: the firm. */
  readonly scope?: Scope;
  readonly to: 'reducing' | 'halted';
  readonly reason: string;
  readonly by: Principal;
}

export interface ReleaseOrder {
  readonly scope?: Scope;
  readonly reason: string;
  /** A person. */
  readonly by: Principal;
}

/** Why trading is restricted in a scope. */
export interface KillRecord {
  readonly scope: Scope;
  readonly state: 'reducing' | 'halted';
  readonly reason: string;
  readonly by: Principal;
  readonly atMs: number;
}

export interface TripReport {
  readonly record: KillRecord;
  /** Client order ids whose cancel was requested. */
  readonly cancelRequested: readonly string[];
  /** Whether the trip is on disk. If not it stands all the same, until the process ends. */
  readonly durable: boolean;
  /** What failed: the disk, or else the cancels. */
  readonly error?: PortcullisError;
}

export type KillSwitchChange =
  | { readonly kind: 'tripped'; readonly record: KillRecord }
  | {
      readonly kind: 'released';
      readonly record: KillRecord;
      readonly reason: string;
      readonly by: Principal;
    }
  /** The disk, the cancels or a listener failed. The state is what it would have been without. */
  | { readonly kind: 'failed'; readonly record: KillRecord; readonly error: PortcullisError };

const STATE_KEY = 'kill-switch';

const recordSchema = z.strictObject({
  scope: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('firm') }),
    z.strictObject({ kind: z.enum(['venue', 'account', 'strategy', 'instrument']), id: z.string() }),
  ]),
  state: z.enum(['reducing', 'halted']),
  reason: z.string(),
  by: z.strictObject({ kind: z.enum(['person', 'system']), id: z.string() }),
  atMs: z.number(),
});
const stateSchema = z.strictObject({ version: z.literal(1), records: z.array(recordSchema) });

export interface KillSwitchDeps {
  readonly store: Pick<StateStore, 'get' | 'set'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** The venue that orders of this desk go to. Without it a trip of any venue concerns them. */
  readonly venue?: string;
}

/**
 * The durable switch. A trip counts in memory before `trip` returns its promise, which is about the disk; a release
 * counts only when it is on disk. The strictest state of all scopes that an order is in applies.
 */
export class KillSwitch {
  readonly #store: Pick<StateStore, 'get' | 'set'>;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #venue: string | undefined;
  #records: ReadonlyMap<string, KillRecord>;
  readonly #workingOrders: WorkingOrders[] = [];
  #writing: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<(change: KillSwitchChange) => void>();

  private constructor({ store, clock, venue }: KillSwitchDeps, records: readonly KillRecord[]) {
    this.#store = store;
    this.#clock = clock;
    this.#venue = venue;
    this.#records = new Map(records.map((record) => [scopeKey(record.scope), record]));
  }

  /**
   * Reads the recorded state. A missing record means halted, unless the data directory is new as a whole; so does a
   * damaged or unreadable one.
   *
   * @param isNewDirectory whether nothing was ever recorded there
   */
  static async open(deps: KillSwitchDeps, isNewDirectory: boolean): Promise<KillSwitch> {
    try {
      const entry = await deps.store.get(STATE_KEY);
      if (entry !== undefined) {
        return new KillSwitch(deps, parseInput('recorded kill switch', stateSchema, entry.value).records);
      }
      if (isNewDirectory) {
        const fresh = new KillSwitch(deps, []);
        await fresh.#write(fresh.#records);
        return fresh;
      }
      return halted(deps, 'no kill-switch record in a data directory that is not new');
    } catch (error) {
      return halted(
        deps,
        `the kill-switch record cannot be read or written: ${error instanceof Error ? error.message : String(error)}`,
      );
    }

    function halted(on: KillSwitchDeps, why: string): KillSwitch {
      const reason = `${why}; once you have checked positions and orders at the venue, release the firm scope: that begins a new record`;
      return new KillSwitch(on, [
        {
          scope: FIRM,
          state: 'halted',
          reason,
          by: { kind: 'system', id: 'kill-switch' },
          atMs: on.clock.nowMs(),
        },
      ]);
    }
  }

  /** Cancels of a trip go through here, and through every other that is attached: several desks may share a switch. */
  attach(workingOrders: WorkingOrders): void {
    this.#workingOrders.push(workingOrders);
  }

  /** The state that applies to an order; without one, the strictest anywhere. */
  tradingState(order?: Scoped): TradingState {
    let state: TradingState = 'active';
    if (this.#records.size === 0) return state;
    for (const record of this.#records.values()) {
      if (order === undefined || this.#concerns(record.scope, order)) state = stricter(state, record.state);
    }
    return state;
  }

  records(): readonly KillRecord[] {
    return [...this.#records.values()];
  }

  onChange(listener: (change: KillSwitchChange) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /**
   * Restricts trading at once. Never loosens: tripping what is halted to reducing leaves it halted. Never throws or
   * rejects, whatever disk, cancels and listeners do; the promise waits for the disk.
   */
  trip({ scope = FIRM, to, reason, by }: TripOrder): Promise<TripReport> {
    const key = scopeKey(scope);
    const present = this.#records.get(key);
    const tightens = present === undefined || stricter(present.state, to) !== present.state;
    // A record of its own in any case: a release that is being written sees by it that it came too late.
    const record: KillRecord = tightens
      ? { scope, state: to, reason, by, atMs: this.#clock.nowMs() }
      : { ...present };
    this.#replace(key, record);
    const written = this.#queue(() => this.#write(this.#records)).then(() => undefined, asStoreError);
    const cancels = this.#cancel(record);
    if (tightens) this.#tell({ kind: 'tripped', record });
    return written.then((storeError) => {
      if (storeError !== undefined) this.#tell({ kind: 'failed', record, error: storeError });
      const error = storeError ?? cancels.error;
      return {
        record,
        cancelRequested: cancels.requested,
        durable: storeError === undefined,
        ...(error === undefined ? {} : { error }),
      };
    });
  }

  /**
   * Loosens a scope, once that is on disk. A trip of the same scope in the meantime wins.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED` unless a named person gives a reason; `STORE_UNAVAILABLE` when the
   *   disk refuses: then nothing is released
   */
  async release({ scope = FIRM, reason, by }: ReleaseOrder): Promise<void> {
    requirePerson(by, reason, `release ${scopeKey(scope)}`);
    const key = scopeKey(scope);
    const record = this.#records.get(key);
    if (record === undefined) return;
    await this.#queue(async () => {
      const without = new Map(this.#records);
      without.delete(key);
      await this.#write(without).catch((error: unknown) => {
        throw asStoreError(error);
      });
      // Tripped in the meantime: that stands, and is written next.
      if (this.#records.get(key) !== record) return;
      this.#replace(key, undefined);
      this.#tell({ kind: 'released', record, reason, by });
    });
  }

  #concerns(scope: Scope, order: Scoped): boolean {
    return inScope(scope, order, this.#venue);
  }

  #replace(key: string, record: KillRecord | undefined): void {
    const records = new Map(this.#records);
    if (record === undefined) records.delete(key);
    else records.set(key, record);
    this.#records = records;
  }

  /** One desk that fails stops neither the others nor the switch. */
  #cancel(record: KillRecord): { readonly requested: readonly string[]; readonly error?: PortcullisError } {
    const rule = record.state === 'halted' ? 'all' : 'not-reducing';
    const requested: string[] = [];
    let error: PortcullisError | undefined;
    for (const workingOrders of this.#workingOrders) {
      try {
        requested.push(...workingOrders.cancel(record.scope, rule));
      } catch (cause) {
        error = new PortcullisError('CALLBACK_FAILED', 'the cancels of a trip failed', { cause });
        this.#tell({ kind: 'failed', record, error });
      }
    }
    return error === undefined ? { requested } : { requested, error };
  }

  /** A listener that throws stops neither the others nor the switch. */
  #tell(change: KillSwitchChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (cause) {
        if (change.kind === 'failed') continue;
        const error = new PortcullisError('CALLBACK_FAILED', `a listener failed on ${change.kind}`, {
          cause,
        });
        this.#tell({ kind: 'failed', record: change.record, error });
      }
    }
  }

  /** One write at a time, in the order asked. */
  #queue(work: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }

  async #write(records: ReadonlyMap<string, KillRecord>): Promise<void> {
    await this.#store.set(STATE_KEY, { version: 1, records: [...records.values()] });
  }
}

const asStoreError = (error: unknown): PortcullisError =>
  error instanceof PortcullisError
    ? error
    : new PortcullisError('STORE_UNAVAILABLE', 'the kill switch could not be recorded', { cause: error });
