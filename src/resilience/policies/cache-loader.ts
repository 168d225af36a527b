import type { Clock } from '../../core/clock.ts';
import type { Call } from '../call.ts';
import { type Failure, aborted } from '../failure.ts';
import { type Outcome, failed, success } from '../outcome.ts';
import type { Work } from '../policy.ts';
import {
  type CacheRules,
  type KeptValue,
  isNegative,
  keepMsOf,
  mayServeOnError,
  useOf,
} from './cache-entry.ts';
import type { CacheMetrics } from './cache-metrics.ts';
import type { FirstLevel } from './first-level.ts';
import type { SecondLevel } from './second-level.ts';

/**
 * Work that may make use of the value that is kept, however old: to ask only whether it has changed. It must heed the
 * call's signal: what is given up still runs if it does not, and others of its key run beside it.
 */
export type CacheWork<T> = (call: Call, previous: T | undefined) => Promise<Outcome<T>>;

/** What one work gives to all who wait for it; each judges the entry by its own rules. */
export interface Loaded<T> {
  readonly from: 'origin' | 'l2' | 'l1';
  readonly entry: KeptValue<T>;
}

/** Work under way for a key. */
interface Load {
  /** The key was deleted meanwhile, or later work has begun: what comes is not kept. */
  isObsolete: boolean;
}

export interface CacheLoaderParts<T> {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly metrics: CacheMetrics;
  readonly keeping: (value: T) => 'keep' | 'skip' | 'drop';
  readonly l1: FirstLevel<T>;
  readonly l2: SecondLevel<T> | undefined;
  /** Aborted when nothing is to be kept any more. */
  readonly closed: AbortSignal;
}

/** What a cache does for a key that it cannot answer from memory. Of two works for one key only the later is kept. */
export class CacheLoader<T> {
  readonly #parts: CacheLoaderParts<T>;
  readonly #loads = new Map<string, Load>();

  constructor(parts: CacheLoaderParts<T>) {
    this.#parts = parts;
  }

  /** @param isRenewal only something new will do */
  workOf(key: string, work: CacheWork<T>, rules: CacheRules, isRenewal: boolean): Work<Loaded<T>> {
    return async (call) => {
      const load: Load = { isObsolete: false };
      this.forget(key);
      this.#loads.set(key, load);
      try {
        const kept = await this.#fromStore(key, load, rules, isRenewal);
        return kept ?? (await this.#fromOrigin(key, load, work, call, rules));
      } finally {
        if (this.#loads.get(key) === load) this.#loads.delete(key);
      }
    };
  }

  /** What is under way for this key is not kept. */
  forget(key: string): void {
    const load = this.#loads.get(key);
    if (load !== undefined) load.isObsolete = true;
  }

  forgetAll(): void {
    for (const load of this.#loads.values()) load.isObsolete = true;
  }

  /** What the second level has, or the first while the second cannot be asked: undefined for nothing that will do. */
  async #fromStore(
    key: string,
    load: Load,
    rules: CacheRules,
    isRenewal: boolean,
  ): Promise<Outcome<Loaded<T>> | undefined> {
    if (this.#parts.l2 === undefined || this.#parts.closed.aborted) return undefined;
    const read = await this.#parts.l2.read(key);
    if (read.kind === 'miss' || load.isObsolete) return undefined;
    const nowMs = this.#parts.clock.monotonicMs();
    if (read.kind === 'unavailable') {
      const entry = this.#parts.l1.valueOf(key);
      const isBetter = !isRenewal && entry !== undefined && mayServeOnError(entry, rules, nowMs);
      return isBetter ? success({ from: 'l1', entry }) : undefined;
    }
    const entry = this.#parts.l1.entryOf(read.value, read);
    const here = this.#parts.l1.valueOf(key);
    if (here === undefined || here.writtenMs < entry.writtenMs) this.#keep(key, entry);
    const use = useOf(entry, rules, nowMs);
    return use === 'fresh' || (use === 'renew' && !isRenewal) ? success({ from: 'l2', entry }) : undefined;
  }

  async #fromOrigin(
    key: string,
    load: Load,
    work: CacheWork<T>,
    call: Call,
    rules: CacheRules,
  ): Promise<Outcome<Loaded<T>>> {
    if (call.signal?.aborted === true) return failed(aborted(call.signal));
    const outcome = await work(call, this.#parts.l1.valueOf(key)?.value);
    if (!outcome.ok) {
      if (!load.isObsolete && isNegative(outcome.failure, rules, this.#parts.metrics))
        this.#keepFailure(key, outcome.failure);
      return outcome;
    }
    const entry = this.#parts.l1.entryOf(outcome.value);
    if (!load.isObsolete) this.#settle(key, entry, rules);
    return success({ from: 'origin', entry });
  }

  #settle(key: string, entry: KeptValue<T>, rules: CacheRules): void {
    if (this.#parts.closed.aborted) return;
    const { keeping, metrics, l2 } = this.#parts;
    const kept = metrics.answerOf(() => keeping(entry.value), 'drop');
    const keepMs = keepMsOf(rules);
    if (kept === 'drop') this.#drop(key);
    else if (kept === 'keep' && keepMs > 0 && this.#keep(key, entry)) l2?.write(key, entry, keepMs);
  }

  #keep(key: string, entry: KeptValue<T>): boolean {
    if (this.#parts.l1.keep(key, entry)) return true;
    this.#parts.metrics.failed('l1');
    return false;
  }

  #keepFailure(key: string, failure: Failure): void {
    if (this.#parts.closed.aborted) return;
    this.#drop(key);
    if (!this.#parts.l1.keepFailure(key, failure)) this.#parts.metrics.failed('l1');
  }

  /** What is kept is no longer so. */
  #drop(key: string): void {
    if (this.#parts.l1.valueOf(key) === undefined) return;
    this.#parts.l1.delete(key);
    void this.#parts.l2?.delete(key);
  }
}
