import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AuditEvent, AuditLog } from '../../audit/audit-log.ts';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { system } from '../../core/principal.ts';
import type { ExecutionPolicy } from '../../execution/execution-policy.ts';
import type { KillSwitch } from '../../risk/kill-switch.ts';
import type { RiskGuard } from '../../risk/risk-guard.ts';
import { FIRM } from '../../risk/trading-state.ts';
import type { StateStore } from '../../storage/state-store.ts';
import { answerInTime } from '../answer-in-time.ts';
import { type FirmCap, type FirmCapOrder, lowerCap } from './limit-cap.ts';
import { LimitEngines, type LimitTexts, type Limits, hashOf, readRecorded, textOf } from './limit-engines.ts';
import { type AskedLimits, type LimitChangeOrder, type WantedLimits, readOrder } from './limit-order.ts';
import { type LimitRecord, LimitRecordStore } from './limit-record.ts';
import { StandingLimits } from './limit-standing.ts';
import type { LimitChange, LimitSource, LimitStatus } from './limit-status.ts';

const schema = z.strictObject({
  /** Whether a change takes a named person; otherwise a part of the system may make one as well. */
  personsOnly: z.boolean().default(true),
  /** How long state store and audit log may each take to answer. */
  writeTimeoutMs: z.number().min(1).default(5_000),
});

/** @interface */
export type LimitControlOptions = z.input<typeof schema>;

export interface LimitControlDeps {
  /** With the limits that it was configured with. */
  readonly guard: RiskGuard;
  /** With the limits that it was configured with. */
  readonly policy: ExecutionPolicy;
  /** Lets only exits through while nobody can say which limits were recorded. */
  readonly killSwitch: Pick<KillSwitch, 'restrain'>;
  readonly store: Pick<StateStore, 'get' | 'set'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Pick<Clock, 'nowMs' | 'deadline'>;
}

const BY = system('limit-control');

/**
 * Changes limits of both engines while they work. What is asked for stands beside what is in force within the call, so that
 * an order has to pass both; it stands alone when it is on disk and in the audit log. Changes are made one after the other.
 */
export class LimitControl {
  readonly #engines: LimitEngines;
  readonly #standing: StandingLimits;
  readonly #deps: LimitControlDeps;
  readonly #rules: z.output<typeof schema>;
  readonly #disk: LimitRecordStore;
  #queue: Promise<unknown> = Promise.resolve();
  /** Changes that are under way or wait for their turn. */
  #underWay = 0;
  /** How often somebody else had changed the limits. */
  #epoch = 0;
  #unreadable: { readonly error: PortcullisError; readonly restraint: Disposable } | undefined;
  #source: LimitSource = { kind: 'configured' };
  #cap: FirmCap = {};
  /** The last one that was asked for. */
  #wantedCap: FirmCap = {};

  private constructor(deps: LimitControlDeps, rules: z.output<typeof schema>) {
    this.#deps = deps;
    this.#rules = rules;
    this.#engines = new LimitEngines(deps.guard, deps.policy);
    this.#standing = new StandingLimits(this.#engines);
    this.#disk = new LimitRecordStore(deps.store, deps.clock, rules.writeTimeoutMs);
  }

  /**
   * Puts the recorded limits in force, if there are any. When they are damaged, of a newer version, or not to be had, the
   * configured ones stay, and only exits pass until a person has changed the limits of both engines, or `retry` can read them.
   *
   * @throws {PortcullisError} `OPTION_INVALID`; `LOG_WRITE_FAILED` when the audit log does not take down what was found
   */
  static async open(deps: LimitControlDeps, options: LimitControlOptions = {}): Promise<LimitControl> {
    const control = new LimitControl(deps, parseOptions('LimitControl', schema, options));
    await control.#load();
    return control;
  }

  /** What was found at the start. */
  get source(): LimitSource {
    return this.#source;
  }

  /** The limits in force, as they may stand in a file; without those that stand beside them for a while, and without any cap. */
  get limits(): LimitTexts {
    return this.#standing.texts;
  }

  /** SHA-256 of the file that was last taken in, also before a restart. */
  get fileHash(): string | undefined {
    return this.#standing.fileHash;
  }

  get status(): LimitStatus {
    const hash = hashOf(this.limits);
    const error = this.#unreadable?.error ?? this.#standing.unsettled?.error;
    const failed = this.#unreadable === undefined ? 'unsettled' : 'unreadable';
    if (this.#underWay > 0 && failed === 'unsettled')
      return { kind: 'changing', hash, ...(error && { error }) };
    return error === undefined ? { kind: 'settled', hash } : { kind: failed, hash, error };
  }

  /**
   * Changes the limits. While one change is unsettled, a further one builds on it.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED`, `OPTION_INVALID`: nothing has changed. `LIMITS_CONFLICT` when somebody
   *   else has changed what is on disk: nothing of this change counts, and theirs stands beside until `retry` or a further
   *   change. `STORE_UNAVAILABLE`, `LOG_WRITE_FAILED`: old and new are both in force until `retry` or a further change
   */
  async change(order: LimitChangeOrder): Promise<LimitChange> {
    const asked = readOrder(order, this.#rules.personsOnly);
    this.#checkWhole(asked);
    this.#standing.ask(asked); // up to here one step: no order is decided in between
    const epoch = this.#epoch;
    return await this.#inTurn(async () => {
      try {
        if (epoch !== this.#epoch) {
          throw new PortcullisError(
            'LIMITS_CONFLICT',
            'limits: changed by somebody else since this was asked for',
          );
        }
        return await this.#make(asked, this.#standing.whole(asked));
      } catch (error) {
        this.#standing.refuse(asked);
        throw error;
      }
    });
  }

  /**
   * Makes the change that has failed once more; after a conflict that is the one of somebody else. Reads the recorded
   * limits once more while they could not be read.
   *
   * @throws {PortcullisError} as `change` does, and what reading them met
   */
  async retry(): Promise<LimitChange> {
    return await this.#inTurn(async () => {
      const wanted = this.#standing.unsettled?.wanted;
      if (wanted !== undefined) return await this.#make(wanted, wanted);
      const before = hashOf(this.limits);
      if (this.#unreadable === undefined)
        return { kind: 'unchanged', differences: [], before, after: before };
      await this.#load();
      if (this.#source.kind === 'unreadable') throw this.#source.error;
      this.#readable();
      const differences = this.#source.kind === 'recorded' ? this.#source.differences : [];
      return { kind: 'changed', differences, before, after: hashOf(this.limits) };
    });
  }

  /**
   * Caps the firm scope, for as long as the process lasts: with any limits that are changed, loaded or taken from a file, the lesser
   * counts. It is no part of them. What is lower counts within the call, what is higher once it is in the audit log. Also for a part of
   * the system.
   *
   * @throws {PortcullisError} `LOG_WRITE_FAILED`: what is higher does not count
   */
  async cap({ amounts, by, reason }: FirmCapOrder): Promise<void> {
    this.#wantedCap = amounts;
    this.#putCap(lowerCap(this.#cap, amounts));
    await this.#record({ kind: 'limits.capped', by, reason, amounts });
    if (this.#wantedCap === amounts) this.#putCap(amounts);
  }

  #putCap(cap: FirmCap): void {
    this.#standing.cap(cap);
    this.#cap = cap;
  }

  async #load(): Promise<void> {
    let record: LimitRecord | undefined;
    let limits: Limits | undefined;
    try {
      record = await this.#disk.read();
      limits = record && readRecorded(record);
    } catch (error) {
      await this.#blind(error as PortcullisError);
      return;
    }
    if (record === undefined || limits === undefined) {
      this.#source = { kind: 'configured' };
      return;
    }
    const { by, reason, fileHash, changeId } = record;
    const loaded: WantedLimits = { ...limits, by, reason, fileHash };
    const differences = this.#standing.differencesTo(loaded);
    this.#standing.ask(loaded);
    try {
      const about = { changeId, madeBy: by, reason, differences, after: hashOf(textOf(loaded)) };
      await this.#record({ kind: 'limits.loaded', by: BY, ...about });
    } catch (error) {
      this.#standing.keep(loaded, loaded, error as PortcullisError);
      throw error;
    }
    this.#standing.adopt(loaded, loaded);
    this.#source = { kind: 'recorded', record, differences };
  }

  /** Nobody can say what was recorded: nothing new until somebody can. */
  async #blind(error: PortcullisError): Promise<void> {
    const reason = `limits: ${error.message}; change those of risk and execution to settle it`;
    const restraint = this.#deps.killSwitch.restrain({ scope: FIRM, to: 'reducing', reason, by: BY });
    this.#readable();
    this.#unreadable = { error, restraint };
    this.#source = { kind: 'unreadable', error };
    await this.#record({ kind: 'limits.unreadable', by: BY, code: error.code, error: error.message });
  }

  #readable(): void {
    this.#unreadable?.restraint[Symbol.dispose]();
    this.#unreadable = undefined;
  }

  #checkWhole({ risk, execution }: AskedLimits): void {
    if (this.#unreadable === undefined || (risk !== undefined && execution !== undefined)) return;
    throw new PortcullisError(
      'OPTION_INVALID',
      `change limits: expected those of risk and of execution, since nobody can say what was recorded: ${this.#unreadable.error.message}`,
    );
  }

  async #make(asked: AskedLimits, wanted: WantedLimits): Promise<LimitChange> {
    const differences = this.#standing.differencesTo(wanted);
    const change = { differences, before: hashOf(this.limits), after: hashOf(textOf(wanted)) };
    const isSettled = this.#standing.unsettled === undefined && this.#unreadable === undefined;
    const isInForce = isSettled && differences.length === 0 && wanted.fileHash === this.fileHash;
    if (!isInForce) await this.#write(asked, wanted, change);
    this.#standing.adopt(asked, wanted);
    this.#readable();
    return { kind: isInForce ? 'unchanged' : 'changed', ...change };
  }

  async #write(asked: AskedLimits, wanted: WantedLimits, change: Omit<LimitChange, 'kind'>): Promise<void> {
    const { by, reason, fileHash } = wanted;
    const changeId = randomUUID();
    const about = { by, reason, changeId, ...change, fileHash };
    const atMs = this.#deps.clock.nowMs();
    const record = { changeId, ...textOf(wanted), by, reason, atMs };
    try {
      await this.#record({ kind: 'limits.change-asked', ...about });
      await this.#disk.write(fileHash === undefined ? record : { ...record, fileHash });
      await this.#record({ kind: 'limits.changed', ...about });
    } catch (cause) {
      const error = cause as PortcullisError;
      const { code, message } = error;
      // The caller is told of the failure. If the audit log is what fails, it cannot be told.
      void this.#record({ kind: 'limits.change-failed', by, changeId, code, error: message }).catch(
        () => undefined,
      );
      if (code === 'LIMITS_CONFLICT') await this.#conflict(error);
      else this.#standing.keep(asked, wanted, error);
      throw error;
    }
  }

  /** What somebody else has written stands beside ours, until somebody here has said which of them it is to be. */
  async #conflict(error: PortcullisError): Promise<void> {
    this.#epoch += 1;
    try {
      const record = await this.#disk.read();
      if (record === undefined) return; // gone: the next change writes anew
      const { by, reason, fileHash } = record;
      const theirs = { ...readRecorded(record), by, reason, fileHash };
      this.#standing.keep(theirs, theirs, error);
    } catch (unread) {
      await this.#blind(unread as PortcullisError).catch(() => undefined); // the caller is told of the conflict
    }
  }

  async #record(event: AuditEvent): Promise<void> {
    const { audit, clock } = this.#deps;
    const answer = await answerInTime(clock, this.#rules.writeTimeoutMs, () => audit.record(event));
    if (answer.kind === 'answer') return;
    throw new PortcullisError('LOG_WRITE_FAILED', `limits: not in the audit log: ${answer.reason}`);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    const done = this.#queue.then(work).finally(() => (this.#underWay -= 1));
    this.#queue = done.catch(() => undefined);
    return done;
  }
}
