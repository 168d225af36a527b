import type { Clock } from '../../core/clock.ts';
import { type Call, type CallOptions, newCall } from '../call.ts';
import { type Failure, aborted } from '../failure.ts';
import { type Outcome, failed, success } from '../outcome.ts';
import { errorOf, workOf } from '../policy.ts';
import { systemRandom } from '../../core/backoff.ts';
import {
  type CacheRules,
  type Entry,
  type KeptValue,
  isFreshFailure,
  isNegative,
  isOutage,
  mayServeOnError,
  useOf,
} from './cache-entry.ts';
import { CacheLoader, type CacheWork, type Loaded } from './cache-loader.ts';
import { CacheMetrics, type CacheRegistry } from './cache-metrics.ts';
import { type ResultCacheOptions, parseCacheOptions } from './cache-options.ts';
import { FirstLevel } from './first-level.ts';
import { type CacheStore, SecondLevel } from './second-level.ts';
import { SingleFlight } from './single-flight.ts';

/** A value, and where it is from. */
export interface Cached<T> {
  readonly value: T;
  /** `l1` memory, `l2` the store, `origin` the work, `stale` older than its time to live. */
  readonly origin: 'l1' | 'l2' | 'origin' | 'stale';
  /** Since it came from the origin. */
  readonly ageMs: number;
}

/** What a user wants done when nothing is kept; throws when it fails. It must heed the call's signal, as {@link CacheWork}. */
export type CacheTask<T> = (call: Call, previous: T | undefined) => Promise<T>;

export interface ResultCacheDeps<T> {
  readonly clock: Clock;
  /** In [0, 1), for the jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  readonly metrics?: CacheRegistry | undefined;
  /** A second level that outlives the process. Default: none. */
  readonly secondLevel?: CacheStore<T> | undefined;
  /** Size of a value in the unit of `maxSize`. Default: 1 each. */
  readonly sizeOf?: ((value: T) => number) | undefined;
  /** Size of a failure that is kept, in the same unit. Default: 1 each. */
  readonly sizeOfFailure?: ((failure: Failure) => number) | undefined;
  /** Whether a value is kept; `drop` keeps neither it nor what was kept before, `skip` leaves that. Default: all are kept. */
  readonly keeping?: ((value: T) => 'keep' | 'skip' | 'drop') | undefined;
}

/** What a cache holds and does at the moment. */
export interface ResultCacheStatus {
  readonly entries: number;
  readonly size: number;
  /** Keys with work under way. */
  readonly working: number;
  readonly renewals: number;
  readonly pendingWrites: number;
  readonly secondLevel: 'none' | 'up' | 'down';
}

/**
 * Keeps results by key, in memory and in a store behind it. A fresh value costs no work; of many who miss one works and
 * all get its result ({@link SingleFlight}); an old value is given while it is being renewed, or when the origin is out,
 * as far as the rules of the call allow, never beyond. Values are handed out as they are: treat them as immutable.
 */
export class ResultCache<T> {
  readonly #settings: ReturnType<typeof parseCacheOptions>;
  readonly #clock: Clock;
  readonly #metrics: CacheMetrics;
  readonly #l1: FirstLevel<T>;
  readonly #l2: SecondLevel<T> | undefined;
  readonly #flights: SingleFlight<Loaded<T>>;
  readonly #loader: CacheLoader<T>;
  readonly #renewals = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: ResultCacheOptions, deps: ResultCacheDeps<T>) {
    this.#settings = parseCacheOptions(options);
    const { name, maxEntries, maxSize, jitterFraction, secondLevel } = this.#settings;
    const { clock, random = systemRandom, sizeOf, sizeOfFailure, metrics } = deps;
    this.#clock = clock;
    this.#metrics = new CacheMetrics(name, metrics);
    this.#l1 = new FirstLevel(
      { maxEntries, maxSize, jitterFraction, random, sizeOf, sizeOfFailure },
      { clock },
    );
    this.#flights = new SingleFlight({ clock });
    const prefix = secondLevel.prefix ?? `cache:${encodeURIComponent(name)}:`.slice(0, 192);
    const onError = this.#metrics.failed.bind(this.#metrics);
    this.#l2 =
      deps.secondLevel && new SecondLevel({ ...secondLevel, prefix }, deps.secondLevel, { clock, onError });
    this.#loader = new CacheLoader({
      clock,
      metrics: this.#metrics,
      keeping: deps.keeping ?? (() => 'keep'),
      l1: this.#l1,
      l2: this.#l2,
      closed: this.#closing.signal,
    });
  }

  /** Outcomes in, outcomes out. Neither throws nor rejects. */
  run(key: string, work: CacheWork<T>, call: Call, rules: CacheRules): Promise<Outcome<Cached<T>>> {
    if (call.signal?.aborted === true) return Promise.resolve(failed(aborted(call.signal)));
    const entry = this.#l1.get(key);
    if (entry !== undefined) {
      const kept = this.#fromMemory(key, entry, work, call, rules);
      if (kept !== undefined) return Promise.resolve(kept);
    }
    return this.#load(key, work, call, rules);
  }

  /** As `run` for a task that throws; tells what became of it as a value, and where the result is from. */
  tryExecute(
    key: string,
    task: CacheTask<T>,
    options: CacheRules & CallOptions,
  ): Promise<Outcome<Cached<T>>> {
    const work: CacheWork<T> = (call, previous) => workOf((inner) => task(inner, previous))(call);
    return this.run(key, work, newCall(options), options);
  }

  /**
   * The result for this key, kept or new.
   *
   * @throws {ResilienceError} what the call says; what the task itself threw comes as it is
   */
  async execute(key: string, task: CacheTask<T>, options: CacheRules & CallOptions): Promise<T> {
    const outcome = await this.tryExecute(key, task, options);
    if (outcome.ok) return outcome.value.value;
    throw errorOf(outcome.failure);
  }

  /**
   * Forgets a key. Work that is under way serves those who wait for it, and is not kept.
   *
   * @returns whether it is gone for sure: false when the second level did not say so in time
   */
  async delete(key: string): Promise<boolean> {
    this.#loader.forget(key);
    this.#flights.forget(key);
    this.#l1.delete(key);
    return (await this.#l2?.delete(key)) ?? true;
  }

  /** Forgets everything, in the second level all with our prefix. @returns as `delete` */
  async clear(): Promise<boolean> {
    this.#loader.forgetAll();
    this.#flights.forgetAll();
    this.#l1.clear();
    return (await this.#l2?.clear()) ?? true;
  }

  /**
   * Ends renewals, waits for them and for writes under way, and keeps nothing from then on. Calls still work. The store
   * stays open.
   */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the cache is closed'));
    this.#l1.clear();
    const done = Promise.all([...this.#renewals, this.#l2?.idle()]);
    let timer: Disposable | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#clock.deadline(this.#settings.closeTimeoutMs, resolve);
    });
    await Promise.race([done, late]);
    timer?.[Symbol.dispose]();
  }

  status(): ResultCacheStatus {
    const l2 = this.#l2;
    return {
      entries: this.#l1.entries,
      size: this.#l1.size,
      working: this.#flights.size,
      renewals: this.#renewals.size,
      pendingWrites: l2?.pendingWrites ?? 0,
      secondLevel: l2 === undefined ? 'none' : l2.isDown ? 'down' : 'up',
    };
  }

  #fromMemory(
    key: string,
    entry: Entry<T>,
    work: CacheWork<T>,
    call: Call,
    rules: CacheRules,
  ): Outcome<Cached<T>> | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (entry.kind === 'failure') {
      if (!isFreshFailure(entry, rules, nowMs)) return undefined;
      this.#metrics.answered('negative');
      return failed(entry.failure);
    }
    const use = useOf(entry, rules, nowMs);
    if (use === 'fresh') return this.#answer('l1', entry, nowMs);
    if (use === 'renew' || (this.#l2?.isDown === true && mayServeOnError(entry, rules, nowMs))) {
      this.#renew(key, entry, work, call, rules);
      return this.#answer('stale', entry, nowMs);
    }
    return undefined;
  }

  /** Waits for the work of this key. What is too old for this call, though not for who started it, leads to a further round. */
  async #load(key: string, work: CacheWork<T>, call: Call, rules: CacheRules): Promise<Outcome<Cached<T>>> {
    for (;;) {
      const outcome = await this.#flights.run(key, this.#loader.workOf(key, work, rules, false), call);
      const nowMs = this.#clock.monotonicMs();
      if (!outcome.ok) return this.#saved(key, outcome.failure, rules, nowMs);
      const { from, entry } = outcome.value;
      if (from === 'origin') return this.#answer(from, entry, nowMs);
      const use = useOf(entry, rules, nowMs);
      if (use === 'fresh') return this.#answer(from, entry, nowMs);
      if (use === 'renew' || (from === 'l1' && mayServeOnError(entry, rules, nowMs))) {
        this.#renew(key, entry, work, call, rules);
        return this.#answer('stale', entry, nowMs);
      }
    }
  }

  /** One renewal in the background, unless one is under way: its call is nobody's. */
  #renew(
    key: string,
    entry: KeptValue<T>,
    work: CacheWork<T>,
    { weight, retries }: Call,
    rules: CacheRules,
  ): void {
    const { maxRenewals, renewalTimeoutMs, renewalPauseMs } = this.#settings;
    const nowMs = this.#clock.monotonicMs();
    if (this.#flights.has(key) || this.#renewals.size >= maxRenewals || nowMs < entry.renewFromMs) return;
    const { signal } = this.#closing;
    const call = {
      ...newCall({ signal, priority: 'low', weight, retries }),
      deadlineMs: nowMs + renewalTimeoutMs,
    };
    const renewal = this.#flights
      .run(key, this.#loader.workOf(key, work, rules, true), call)
      .then((outcome) => {
        this.#renewals.delete(renewal);
        if (outcome.ok || this.#closing.signal.aborted || isNegative(outcome.failure, rules, this.#metrics))
          return;
        entry.renewFromMs = this.#clock.monotonicMs() + renewalPauseMs;
        this.#metrics.failed('renewal');
      });
    this.#renewals.add(renewal);
  }

  #saved(key: string, failure: Failure, rules: CacheRules, nowMs: number): Outcome<Cached<T>> {
    const entry = isOutage(failure) ? this.#l1.valueOf(key) : undefined;
    if (entry !== undefined && mayServeOnError(entry, rules, nowMs))
      return this.#answer('stale', entry, nowMs);
    this.#metrics.answered('miss');
    return failed(failure);
  }

  #answer(
    origin: Cached<T>['origin'],
    { value, writtenMs }: KeptValue<T>,
    nowMs: number,
  ): Outcome<Cached<T>> {
    this.#metrics.answered(origin === 'origin' ? 'miss' : origin);
    return success({ value, origin, ageMs: nowMs - writtenMs });
  }
}
