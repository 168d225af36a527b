import { type Clock, onDispose } from '../core/clock.ts';
import type { TakenLease } from './lease-contender.ts';
import type { LeaseHold } from './lease-hold.ts';
import type { LeaseStore } from './lease-store.ts';
import { type LeaseValue, holderOf } from './lease-value.ts';

export interface RenewalRules {
  readonly name: string;
  readonly owner: string;
  readonly ttlMs: number;
  readonly renewEveryMs: number;
  readonly marginMs: number;
  /** What the entry says while it is held, without the token. */
  readonly claim: LeaseValue & { readonly state: 'held' };
}

export interface RenewalDeps {
  readonly store: LeaseStore;
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  /** Tells others that the entry has changed. */
  announce(): Promise<unknown>;
  /** It has ended other than by `release()`. */
  lost(reason: string): void;
}

/** After a call without an answer, as a part of the time between renewals. */
const RETRY_PART = 0.25;
/** How often a release is tried where the store does not answer. */
const RELEASE_TRIES = 3;

/**
 * A lease that we have. It is held from before the write that the store took last until its time to live less the margin is
 * over, on our monotonic clock: whatever the store does then, nobody else takes it earlier.
 */
export class RenewedHold implements LeaseHold {
  readonly name: string;
  readonly owner: string;
  readonly token: number;
  readonly #rules: RenewalRules;
  readonly #deps: RenewalDeps;
  readonly #listeners = new Set<(reason: string) => void>();
  readonly #renewing: Promise<void>;
  #state: 'held' | 'lost' | 'released' = 'held';
  #reason = '';
  #untilMs: number;
  /** Of the entry as we wrote it last. */
  #version: number;
  /** Whether no write of ours is without an answer: then nobody but another owner can have changed the entry. */
  #isSure = true;
  #isTaken = false;
  #expiry: Disposable | undefined;
  #wakeUp: (() => void) | undefined;
  #releasing: Promise<void> | undefined;

  constructor({ token, requestedMs }: TakenLease, rules: RenewalRules, deps: RenewalDeps) {
    this.name = rules.name;
    this.owner = rules.owner;
    this.token = token;
    this.#version = token;
    this.#rules = rules;
    this.#deps = deps;
    this.#untilMs = this.#endOf(requestedMs);
    this.#arm();
    this.#renewing = this.#renew(requestedMs);
  }

  isHeld(): boolean {
    if (this.#state !== 'held') return false;
    if (this.#deps.clock.monotonicMs() < this.#untilMs) return true;
    this.#lose('its time ran out before the store had taken a renewal');
    return false;
  }

  onLost(listener: (reason: string) => void): Disposable {
    if (this.#state === 'lost') listener(this.#reason);
    else if (this.#state === 'held') this.#listeners.add(listener);
    return onDispose(() => this.#listeners.delete(listener));
  }

  release(): Promise<void> {
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  #endOf(requestedMs: number): number {
    return requestedMs + this.#rules.ttlMs - this.#rules.marginMs;
  }

  async #renew(acquiredMs: number): Promise<void> {
    const { clock } = this.#deps;
    const { renewEveryMs } = this.#rules;
    let dueMs = acquiredMs + renewEveryMs;
    for (;;) {
      await this.#wait(dueMs - clock.monotonicMs());
      if (!this.isHeld()) return;
      const startedMs = clock.monotonicMs();
      const isRenewed = await this.#renewOnce();
      dueMs = isRenewed ? startedMs + renewEveryMs : clock.monotonicMs() + renewEveryMs * RETRY_PART;
    }
  }

  async #renewOnce(): Promise<boolean> {
    if (!this.#isSure && !(await this.#findOut())) return false;
    if (!this.isHeld()) return false;
    const requestedMs = this.#deps.clock.monotonicMs();
    const written = await this.#write({ ...this.#rules.claim, token: this.token });
    // What was over by the time of the answer stays over.
    if (!written || !this.isHeld()) return false;
    this.#untilMs = this.#endOf(requestedMs);
    this.#arm();
    return true;
  }

  /** Writes on our last version. A conflict means another owner, unless it is with a write of ours. */
  async #write(value: LeaseValue): Promise<boolean> {
    const wasSure = this.#isSure;
    this.#isSure = false;
    const answer = await this.#deps.store.write(value, this.#version);
    if (answer?.outcome === 'written') {
      this.#version = answer.version;
      // What is still on its way was to change an older version: it comes too late.
      this.#isSure = true;
      return true;
    }
    // A store that asks its server again by itself may meet what it has written.
    if (answer?.outcome === 'conflict' && wasSure && !(await this.#findOut())) this.#taken();
    return false;
  }

  /** Which version is ours now; false where the store does not say, or another owner has it. */
  async #findOut(): Promise<boolean> {
    const found = await this.#deps.store.look();
    if (found === undefined) return false;
    const { entry } = found;
    if (entry === undefined || holderOf(entry)?.token !== this.token) {
      this.#taken();
      return false;
    }
    this.#version = entry.version;
    return true;
  }

  #taken(): void {
    this.#isTaken = true;
    if (this.#state === 'held') this.#lose('somebody else has changed its entry, or the store has lost it');
  }

  #lose(reason: string): void {
    this.#state = 'lost';
    this.#reason = reason;
    this.#end();
    // Not within the call: who asks whether it is held is about to act, or not to.
    void Promise.resolve().then(() => {
      this.#deps.lost(reason);
      for (const listener of this.#listeners) tell(listener, reason);
    });
  }

  #end(): void {
    this.#expiry?.[Symbol.dispose]();
    this.#wakeUp?.();
  }

  /** Ends it in time, also where nobody asks. */
  #arm(): void {
    this.#expiry?.[Symbol.dispose]();
    const leftMs = this.#untilMs - this.#deps.clock.monotonicMs();
    this.#expiry = this.#deps.clock.deadline(Math.max(leftMs, 1), () => {
      if (this.isHeld()) this.#arm();
    });
  }

  async #release(): Promise<void> {
    if (this.#state === 'held') this.#state = 'released'; // first: what is not held any more may be given away
    this.#listeners.clear();
    this.#end();
    await this.#renewing;
    for (let tries = 0; tries < RELEASE_TRIES && !this.#isTaken; tries += 1) {
      if (!this.#isSure && !(await this.#findOut())) continue;
      if (!(await this.#write({ state: 'released' }))) continue;
      await this.#deps.announce();
      return;
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state !== 'held') {
        resolve();
        return;
      }
      const over = (): void => {
        timer[Symbol.dispose]();
        this.#wakeUp = undefined;
        resolve();
      };
      const timer = this.#deps.clock.deadline(ms, over);
      this.#wakeUp = over;
    });
  }
}

function tell(listener: (reason: string) => void, reason: string): void {
  try {
    listener(reason);
  } catch {
    // It is lost, whatever somebody who listens does.
  }
}
