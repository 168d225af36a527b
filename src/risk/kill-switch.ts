import { z } from 'zod';
import type { AuditTrail } from '../audit/audit-log.ts';
import type { Clock } from '../core/clock.ts';
import type { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { requirePerson, system } from '../core/principal.ts';
import { messageOf } from '../core/message-of.ts';
import type { StateStore } from '../storage/state-store.ts';
import type { KillRecord } from './kill-record.ts';
import { KillRecordStore } from './kill-record-store.ts';
import { type KillSwitchChange, KillSwitchListeners } from './kill-switch-change.ts';
import { type ReleaseAuditDeps, type ReleaseOrder, auditRelease, checkRelease, refused } from './release.ts';
import {
  type ConditionalRestraint,
  type Restraint,
  type RestrainOrder,
  type RestrainUnlessOrder,
  type RestraintDeps,
  restrain,
  restrainUnless,
} from './restraint.ts';
import { Restrictions } from './restrictions.ts';
import { FIRM, type Scoped, type TradingState, scopeKey, stricter } from './trading-state.ts';
import type { Released, SharedSide } from './shared-side.ts';
import { TripCancels } from './trip-cancels.ts';
import type { TripOrder, TripReport } from './trip-order.ts';
import type { WorkingOrders } from './working-orders.ts';

const schema = z.strictObject({
  /** How long a write may take before it counts as failed. */
  writeTimeoutMs: z.number().min(1).default(5_000),
  /** Whether a release takes two persons. */
  secondPerson: z.boolean().default(false),
  /** How long after its trip a scope cannot be released, by the wall clock. */
  coolDownMs: z.number().min(0).default(0),
});

/** @interface */
export type KillSwitchOptions = z.input<typeof schema>;

export type { TripOrder, TripReport };

export interface KillSwitchDeps {
  readonly store: Pick<StateStore, 'get' | 'set'>;
  readonly clock: Pick<Clock, 'nowMs' | 'deadline' | 'every'>;
  /** Has to keep the order of a release before that counts. A trip waits for nobody. Default: nothing is audited. */
  readonly audit?: AuditTrail | undefined;
  /**
   * The venue of the desk, where one desk has the switch for itself; a desk of another venue refuses it. Desks of several
   * venues that share it name theirs to their guards. What nobody names a trip of any venue concerns.
   */
  readonly venue?: string;
}

let openShared: (killSwitch: KillSwitch) => SharedSide;

/** What keeps a switch in step with those of other processes does with it; nobody else may. */
export const sharedSide = (killSwitch: KillSwitch): SharedSide => openShared(killSwitch);

/**
 * The durable switch. A trip counts in memory before `trip` returns its promise, which is about the disk; a release
 * counts only when it is on disk. The strictest state of all scopes that an order is in applies.
 */
export class KillSwitch {
  readonly #rules: z.output<typeof schema>;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #disk: KillRecordStore;
  readonly #releasing: ReleaseAuditDeps;
  /** Where all orders go to; `undefined` when nobody said, or desks of several venues share it. */
  readonly venue: string | undefined;
  readonly #listeners = new KillSwitchListeners();
  readonly #cancels: TripCancels;
  readonly #restraining: RestraintDeps;
  #restrictions: Restrictions;
  #newId: ((repeated?: KillRecord) => string | undefined) | undefined;

  static {
    openShared = (killSwitch) => ({
      identify: (newId) => {
        killSwitch.#newId = newId;
      },
      adopt: (record) => void killSwitch.#count(record, true),
      renew: (record) => {
        const id = killSwitch.#newId?.();
        const renewed = { ...record, ...(id !== undefined && { id }) };
        killSwitch.#restrictions.setTripped(scopeKey(record.scope), renewed);
        void killSwitch.#disk.save().catch(() => undefined); // is tried again
        return renewed;
      },
      check: (order, record) => checkRelease(order, record, killSwitch.#rules, killSwitch.#clock.nowMs()),
      audit: (order, record) =>
        auditRelease(killSwitch.#releasing, killSwitch.#rules.writeTimeoutMs, order, record),
      end: (record, released, instead) => killSwitch.#end(record, released, instead),
    });
  }

  private constructor(deps: KillSwitchDeps, rules: z.output<typeof schema>) {
    this.#rules = rules;
    this.#clock = deps.clock;
    this.#releasing = deps;
    this.venue = deps.venue;
    this.#cancels = new TripCancels(deps.clock, this.#listeners);
    this.#restrictions = new Restrictions([], deps.venue);
    const restrictions = (): Restrictions => this.#restrictions;
    this.#restraining = { clock: deps.clock, listeners: this.#listeners, restrictions };
    this.#disk = new KillRecordStore(deps, rules.writeTimeoutMs, () => this.#restrictions.allTripped);
  }

  /**
   * Reads the recorded state. A missing record means halted, unless the data directory is new as a whole; so does one
   * that is damaged, of a newer version, unreadable or not to be had in time, and a new directory that cannot be written.
   *
   * @param isNewDirectory whether nothing was ever recorded there
   * @throws {PortcullisError} `OPTION_INVALID`
   */
  static async open(
    deps: KillSwitchDeps,
    isNewDirectory: boolean,
    options: KillSwitchOptions = {},
  ): Promise<KillSwitch> {
    const killSwitch = new KillSwitch(deps, parseOptions('KillSwitch', schema, options));
    await killSwitch.#load(isNewDirectory);
    return killSwitch;
  }

  async #load(isNewDirectory: boolean): Promise<void> {
    const begin = (records: readonly KillRecord[]): void => {
      this.#restrictions = new Restrictions(records, this.venue);
    };
    try {
      const records = await this.#disk.read();
      if (records !== undefined) begin(records);
      else if (isNewDirectory) await this.#disk.save();
      else begin([this.#haltedFrom('no kill-switch record in a data directory that is not new')]);
    } catch (error) {
      begin([this.#haltedFrom(`the kill-switch record cannot be read or written: ${messageOf(error)}`)]);
    }
  }

  #haltedFrom(why: string): KillRecord {
    const reason = `${why}; once you have checked positions and orders at the venue, release the firm scope: that begins a new record`;
    return { scope: FIRM, state: 'halted', reason, by: system('kill-switch'), atMs: this.#clock.nowMs() };
  }

  /**
   * Until disposed, cancels of a trip go through here, and through every other that is attached: several desks may share
   * a switch.
   */
  attach(workingOrders: WorkingOrders): Disposable {
    return this.#cancels.attach(workingOrders);
  }

  /**
   * The state that applies to an order; without one, the strictest anywhere.
   *
   * @param venue where the order goes to. Default: the venue of the switch
   */
  tradingState(order?: Scoped, venue?: string): TradingState {
    return this.#restrictions.stateOf(order, venue);
  }

  /** Scope and reason of what restricts an order most; `undefined` while nothing does. */
  whyRestricted(order?: Scoped, venue?: string): string | undefined {
    const deciding = this.#restrictions.deciding(order, venue);
    return deciding === undefined ? undefined : `${scopeKey(deciding.scope)}: ${deciding.reason}`;
  }

  /** What was tripped and has not been released. */
  records(): readonly KillRecord[] {
    return [...this.#restrictions.allTripped];
  }

  /** What a condition of this process restrains. */
  restraints(): readonly KillRecord[] {
    return [...this.#restrictions.allRestraints];
  }

  onChange(listener: (change: KillSwitchChange) => void): Disposable {
    return this.#listeners.add(listener);
  }

  /**
   * Restricts trading at once. Never loosens: tripping what is halted to reducing leaves it halted. Never throws or
   * rejects, whatever disk, cancels and listeners do; the promise waits for the disk, and no longer than it may take. Where every
   * desk of the switch has been deposed only a person trips: what else asks for it gets `LEASE_LOST`.
   */
  trip({ scope = FIRM, to, reason, by }: TripOrder): Promise<TripReport> {
    const key = scopeKey(scope);
    const present = this.#restrictions.tripped(key);
    const tightens = present === undefined || stricter(present.state, to) !== present.state;
    // A record of its own in any case: a release that is being written sees by it that it came too late.
    const id = this.#newId?.(tightens ? undefined : present);
    const counted = tightens ? { scope, state: to, reason, by, atMs: this.#clock.nowMs() } : present;
    const record: KillRecord = { ...counted, ...(id !== undefined && { id }) };
    return this.#cancels.refusal(by, record) ?? this.#count(record, tightens);
  }

  /** In force from here on, and told; the promise is about the disk. */
  #count(record: KillRecord, tightens: boolean): Promise<TripReport> {
    this.#restrictions.setTripped(scopeKey(record.scope), record);
    const written = this.#disk.save().then(
      () => undefined,
      (error: unknown) => error as PortcullisError,
    );
    const cancels = this.#cancels.of(record, tightens);
    if (tightens) this.#listeners.tell({ kind: 'tripped', record });
    const { requested, confirmed } = cancels;
    return written.then((storeError) => {
      if (storeError !== undefined) this.#listeners.tell({ kind: 'failed', record, error: storeError });
      const error = storeError ?? cancels.error;
      return {
        record,
        cancelRequested: requested,
        confirmed,
        durable: storeError === undefined,
        ...(error === undefined ? {} : { error }),
      };
    });
  }

  /**
   * Loosens a scope, once the audit log has the order, if there is one, and the disk the release. A release that fails
   * never counts later: when the disk wrote it too late, what was tripped is written over it.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED` unless a named person gives a reason; `RELEASE_REFUSED` when the scope
   *   is not typed out, is not tripped, is tripped again in the meantime, has not cooled down, or a second person is
   *   missing; `LOG_WRITE_FAILED` or `STORE_UNAVAILABLE` when audit log or disk refuse or do not answer in time. Then
   *   nothing is released.
   */
  async release(order: ReleaseOrder): Promise<void> {
    const record = checkRelease(
      order,
      this.#restrictions.tripped(scopeKey(order.scope)),
      this.#rules,
      this.#clock.nowMs(),
    );
    await auditRelease(this.#releasing, this.#rules.writeTimeoutMs, order, record);
    await this.#end(record, order);
  }

  /** Ends a trip once that is on disk, unless it was tripped since it was asked for: that stands, and is on disk or written next. */
  async #end(
    record: KillRecord,
    { reason, by, second }: Released,
    instead: () => KillRecord | undefined = () => undefined,
  ): Promise<void> {
    const key = scopeKey(record.scope);
    const written = instead();
    let standing: KillRecord | undefined;
    const done = (): void => {
      const now = this.#restrictions.tripped(key);
      if (now !== record) {
        throw refused(
          key,
          now === undefined ? 'it is not tripped' : `tripped again meanwhile: ${now.reason}`,
        );
      }
      standing = instead();
      this.#restrictions.setTripped(key, standing);
      if (standing !== written) void this.#disk.save().catch(() => undefined); // is tried again
    };
    await this.#disk.without(record, done, written);
    this.#listeners.tell({ kind: 'released', record, reason, by, ...(second && { second }) });
    if (standing !== undefined) this.#listeners.tell({ kind: 'tripped', record: standing });
  }

  /**
   * Restricts trading at once and in memory only, for as long as a condition of this process lasts: not reconciled yet,
   * disconnected. Several on one scope stand beside each other, and beside what is tripped. Cancels nothing.
   */
  restrain(order: RestrainOrder): Restraint {
    return restrain(this.#restraining, order);
  }

  /**
   * As `restrain`, but in force whenever `isFine` says anything but `true`, or throws. Every order asks it in the tick in which
   * it is decided, so it has to be as cheap as a look at the clock: a process that stood still finds itself restrained before its
   * timers have run.
   */
  restrainUnless(isFine: () => boolean, order: RestrainUnlessOrder): ConditionalRestraint {
    return restrainUnless(this.#restraining, isFine, order);
  }

  /**
   * The one way out of halted: until disposed, halted counts as reducing for the order of exactly this id, so that it
   * goes if it is an exit.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED` unless a named person gives a reason
   */
  permitExit(clientOrderId: string, { by, reason }: Pick<TripOrder, 'by' | 'reason'>): Disposable {
    requirePerson(by, reason, `permit exit ${clientOrderId}`);
    const permit = this.#restrictions.permitExit(clientOrderId);
    this.#listeners.tell({ kind: 'exit-permitted', clientOrderId, reason, by, atMs: this.#clock.nowMs() });
    return permit;
  }
}
