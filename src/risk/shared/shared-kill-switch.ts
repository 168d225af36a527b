import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import { system } from '../../core/principal.ts';
import { Turns } from '../../storage/turns.ts';
import type { KillRecord } from '../kill-record.ts';
import { sharedSide } from '../kill-switch.ts';
import { type ReleaseOrder, refused } from '../release.ts';
import type { ConditionalRestraint } from '../restraint.ts';
import type { SharedSide } from '../shared-side.ts';
import { FIRM, scopeKey } from '../trading-state.ts';
import { bounded, withoutTrips } from './shared-change.ts';
import { type Found, SharedEntry } from './shared-entry.ts';
import { asError, busy, missing } from './shared-failures.ts';
import { SharedLink } from './shared-link.ts';
import {
  type SharedKillSwitchDeps,
  type SharedKillSwitchOptions,
  type SharedKillSwitchStatus,
  sharedOptionsSchema,
} from './shared-options.ts';
import { type SharedState, liveTrips, tripId } from './shared-record.ts';
import { SharedTrips } from './shared-trips.ts';

/** Others may write as well; each of them gets on with every conflict. */
const MOST_ATTEMPTS = 20;
/** Answers to announcements that are waited for at the same time; more of them wait for one look. */
const MOST_HEARD = 8;
const BY = system('shared-kill-switch');

/**
 * Keeps the kill switches of several processes in step, each with its own record on its own disk, through one entry of a state
 * store that all of them reach. A trip counts here at once and everywhere as soon as the others hear of it; a release by a named
 * person reaches everybody who holds that very trip, also who was not there. While nobody can say what the others have tripped,
 * only exits pass here. Orders never wait for it: they ask the switch of their process. Restraints stay where they are.
 */
export class SharedKillSwitch {
  readonly #rules: z.output<typeof sharedOptionsSchema>;
  readonly #deps: SharedKillSwitchDeps;
  readonly #side: SharedSide;
  readonly #entry: SharedEntry;
  readonly #link: SharedLink;
  readonly #trips: SharedTrips;
  readonly #restraint: ConditionalRestraint;
  readonly #held: Disposable[] = [];
  readonly #turns = new Turns();
  /** A look that has not begun yet: it sees whatever is asked for until then. */
  #nextLook: Promise<void> | undefined;
  /** The entry as it was taken last. */
  #newest: Found | undefined;
  #hearing = 0;
  #isAnnouncing = false;
  #isClosed = false;
  #pushes = 0;
  #polls = 0;
  #conflicts = 0;

  private constructor(deps: SharedKillSwitchDeps, options: SharedKillSwitchOptions) {
    const rules = parseOptions('SharedKillSwitch', sharedOptionsSchema, options);
    this.#rules = rules;
    this.#deps = deps;
    this.#side = sharedSide(deps.killSwitch);
    this.#entry = new SharedEntry(deps, rules.key, rules.timeoutMs);
    this.#link = new SharedLink(() => deps.clock.monotonicMs(), rules.maxAgeMs);
    this.#side.identify((repeated) => this.#trips.newId(repeated, this.#link.isConfirmed));
    this.#trips = new SharedTrips(deps.killSwitch, this.#side);
    this.#restraint = deps.killSwitch.restrainUnless(() => this.#link.kind === 'in-step', {
      scope: FIRM,
      to: 'reducing',
      reason: () => this.#link.reason,
      by: BY,
    });
  }

  /**
   * Joins the others. Until the entry has been seen only exits pass; what is tripped there counts when the promise resolves, if
   * the store answers. A store that does not is looked at again for ever.
   *
   * @throws {PortcullisError} `OPTION_INVALID`
   */
  static async open(
    deps: SharedKillSwitchDeps,
    options: SharedKillSwitchOptions = {},
  ): Promise<SharedKillSwitch> {
    const shared = new SharedKillSwitch(deps, options);
    shared.#listen();
    await shared.look();
    return shared;
  }

  get status(): SharedKillSwitchStatus {
    const { kind: link, ageMs, error } = this.#link;
    return {
      link,
      ageMs: Number.isFinite(ageMs) ? ageMs : undefined,
      unshared: this.#trips.unshared,
      pushes: this.#pushes,
      polls: this.#polls,
      conflicts: this.#conflicts,
      ...(error && { error }),
    };
  }

  /** For the health of a service: `true`, or what keeps entries back. */
  health(): true | string {
    return this.#link.kind === 'in-step' ? true : this.#link.reason;
  }

  /** Looks at the entry now and writes what is missing there. Never rejects. */
  look(): Promise<void> {
    this.#nextLook ??= this.#turns.take(async () => {
      this.#nextLook = undefined;
      if (this.#isClosed) return;
      try {
        await this.#sync();
      } catch (error) {
        this.#link.failed(asError(error));
      }
      this.#restraint.tell();
    });
    return this.#nextLook.then(() => this.#trips.settled());
  }

  /**
   * Releases a scope everywhere, as `KillSwitch.release` does here: with the rules and the audit log of the switch of this
   * process. When it fails, what was tripped stands, and is tripped anew should the store have taken the release all the same.
   *
   * @throws {PortcullisError} what `KillSwitch.release` throws; `STORE_UNAVAILABLE` also when the shared entry is not to be had;
   *   `INPUT_INVALID`, `FORMAT_UNSUPPORTED` when it cannot be read
   */
  async release(order: ReleaseOrder): Promise<void> {
    const key = scopeKey(order.scope);
    const record = this.#trips.present(key);
    const known = this.#link.state === undefined ? [] : (liveTrips(this.#link.state).get(key) ?? []);
    const tripped = this.#side.check(order, record);
    for (const other of known) this.#side.check(order, other);
    await this.#side.audit(order, tripped);
    const ids = new Set([...known, tripped].map(tripId));
    const { ended } = await this.#turns.take(() => this.#release(order, tripped, ids));
    await ended.catch((error: unknown) => this.#takeBack(tripped, error));
    this.#trips.checkPresent(key, undefined);
  }

  /** Looks no more. What the last look said holds until it is too old: closing loosens nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const one of this.#held) one[Symbol.dispose]();
    await this.#turns.settled();
    await this.#trips.settled();
  }

  #listen(): void {
    const { clock, signals, killSwitch } = this.#deps;
    this.#held.push(
      clock.every(this.#rules.pollMs, () => {
        this.#polls += 1;
        void this.look();
      }),
      killSwitch.onChange((change) => {
        if (change.kind === 'released') this.#trips.ended(change.record);
        if (change.kind !== 'tripped' || this.#trips.isTaking) return;
        this.#trips.tripped(change.record);
        void this.look();
      }),
    );
    if (signals === undefined) return;
    const onAnnounced = (): void => {
      if (this.#isAnnouncing) return; // of what this process has just written
      this.#pushes += 1;
      void this.#hear();
    };
    this.#held.push(signals.onAnnounced(this.#rules.key, onAnnounced));
  }

  /** One read, at once, whatever else is under way. What takes more is left to a look. */
  async #hear(): Promise<void> {
    if (this.#hearing >= MOST_HEARD) return void this.look();
    this.#hearing += 1;
    const [asked, askedMs] = this.#asking();
    const found = await this.#entry.read().catch(() => undefined);
    this.#hearing -= 1;
    if (this.#isClosed) return;
    if (found?.state === undefined || this.#isOvertaken(found)) return void this.look();
    this.#saw(found, askedMs, asked);
    this.#restraint.tell();
    if (this.#wanted(found.state) !== undefined) void this.look();
  }

  async #sync(): Promise<void> {
    const known = this.#newest?.state && this.#wanted(this.#newest.state);
    // A trip does not wait for a read that tells nothing new: if it would have, the write is refused.
    if (this.#newest && known && (await this.#write(known, this.#newest))) return;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const found = await this.#read();
      const wanted = this.#wanted(found.state);
      if (wanted === undefined || (await this.#write(wanted, found))) return;
    }
    throw busy();
  }

  /** What should stand in the entry; `undefined` when that is what stands there. */
  #wanted(state: SharedState | undefined): SharedState | undefined {
    const { settleMs } = this.#rules;
    if (state === undefined) {
      // Gone, or never there: nobody may take that for nothing tripped.
      if (this.#link.state !== undefined) this.#trips.lost(this.#link.state);
      const begun = { epoch: randomUUID(), isSettling: settleMs > 0, trips: [], tombstones: [] };
      return this.#trips.into(begun) ?? begun;
    }
    const isSettling = this.#link.isBack || (state.isSettling && !this.#link.hasSettled(settleMs));
    const settled = isSettling === state.isSettling ? state : { ...state, isSettling };
    return this.#trips.into(settled) ?? (settled === state ? undefined : settled);
  }

  /** @returns what resolves when the trip has ended on the own disk as well */
  async #release(order: ReleaseOrder, record: KillRecord, known: ReadonlySet<string>) {
    const key = scopeKey(order.scope);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const found = await this.#read();
      if (found.state === undefined) throw missing();
      const live = liveTrips(found.state).get(key) ?? [];
      const newer = live.find(({ id }) => !known.has(id));
      if (newer !== undefined) throw refused(key, `tripped again meanwhile: ${newer.reason}`);
      this.#trips.checkPresent(key, record);
      const without = withoutTrips(found.state, known, order, this.#deps.clock.nowMs());
      this.#trips.hold(record);
      try {
        if (!(await this.#write(this.#trips.into(without) ?? without, found))) continue;
      } catch (error) {
        this.#takeBack(record, error); // it may have been written all the same
      } finally {
        this.#trips.hold(undefined);
      }
      if (this.#newest?.state !== undefined) this.#trips.take(this.#newest.state, []);
      return { ended: this.#trips.following(record) };
    }
    throw busy();
  }

  /** Trips anew what others may take for released. */
  #takeBack(record: KillRecord, error: unknown): never {
    this.#trips.renew(record);
    void this.look();
    throw error;
  }

  async #read(): Promise<Found> {
    const [asked, askedMs] = this.#asking();
    const before = this.#newest;
    const found = await this.#entry.read();
    if (this.#newest !== before && this.#isOvertaken(found)) {
      // One that was asked for later has answered earlier.
      if (found.state !== undefined) this.#trips.shown(found.state, asked);
      return this.#newest ?? found;
    }
    this.#saw(found, askedMs, asked);
    return found;
  }

  /** @returns whether it was written; else somebody else was faster */
  async #write(wanted: SharedState, found: Found): Promise<boolean> {
    const { clock, signals } = this.#deps;
    const state = bounded(wanted, this.#rules, clock.nowMs());
    const [asked, askedMs] = this.#asking();
    const written = await this.#entry.write(state, found);
    if (written === undefined) {
      this.#conflicts += 1;
      return false;
    }
    if (this.#isOvertaken(written)) this.#trips.shown(state, asked);
    else this.#saw(written, askedMs, asked);
    this.#isAnnouncing = true;
    void signals?.announce(this.#rules.key).catch(() => undefined); // found by looking
    this.#isAnnouncing = false;
    return true;
  }

  /** What stands here when the store is asked, and when that is. */
  #asking(): readonly [asked: readonly KillRecord[], askedMs: number] {
    return [this.#trips.standing(), this.#deps.clock.monotonicMs()];
  }

  #isOvertaken({ version }: Found): boolean {
    return version < (this.#newest?.version ?? 0);
  }

  #saw(found: Found, askedMs: number, asked: readonly KillRecord[]): void {
    if (found.state === undefined) return;
    const before = this.#link.state;
    const isBack = before?.epoch === found.state.epoch && this.#isOvertaken(found);
    if (before !== undefined && (isBack || before.epoch !== found.state.epoch)) this.#trips.lost(before);
    this.#newest = found;
    this.#link.saw(found.state, askedMs, isBack && this.#rules.settleMs > 0);
    this.#trips.take(found.state, asked);
  }
}
