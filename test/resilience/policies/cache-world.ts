import { ManualClock, PortcullisError } from '../../../src/core/index.ts';
import { type Call, newCall } from '../../../src/resilience/call.ts';
import type { Failure } from '../../../src/resilience/failure.ts';
import { type Outcome, failed, success } from '../../../src/resilience/outcome.ts';
import { type ResultCacheDeps, ResultCache } from '../../../src/resilience/policies/cache.ts';
import type { ResultCacheOptions } from '../../../src/resilience/policies/cache-options.ts';
import { type JsonValue, MemoryStateStore, type StateStore } from '../../../src/storage/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { settle } from '../../support/state-stores.ts';

/** A day in 2026: a wall time that is not that of the monotonic clock. */
const START_MS = Date.UTC(2026, 10, 21);

/** Counts its calls; each gets what was told last, or waits until it is answered. */
export class ScriptedOrigin {
  readonly calls: Call[] = [];
  readonly previous: unknown[] = [];
  running = 0;
  mostRunning = 0;
  next: Outcome<string> | undefined;
  readonly #waiting: ((outcome: Outcome<string>) => void)[] = [];

  readonly work = async (call: Call, previous?: unknown): Promise<Outcome<string>> => {
    this.calls.push(call);
    this.previous.push(previous);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    call.stats.attempts += 1;
    const outcome =
      this.next ?? (await new Promise<Outcome<string>>((resolve) => this.#waiting.push(resolve)));
    this.running -= 1;
    return outcome;
  };

  /** Ends the oldest call that waits. */
  async answer(outcome: Outcome<string> | string): Promise<void> {
    await settle();
    this.#waiting.shift()?.(typeof outcome === 'string' ? success(outcome) : outcome);
    await settle();
  }

  /** From now on every call ends at once. */
  gives(outcome: Outcome<string> | string): void {
    this.next = typeof outcome === 'string' ? success(outcome) : outcome;
  }
}

/** In memory, and told to fail or to hang. */
class FaultyStore implements StateStore {
  mode: 'works' | 'fails' | 'hangs' = 'works';
  readonly asked: string[] = [];
  readonly inner: MemoryStateStore;
  readonly #hanging: (() => void)[] = [];

  constructor(clock: ManualClock) {
    this.inner = new MemoryStateStore({ clock });
  }

  get: StateStore['get'] = (key) => this.#ask('get', () => this.inner.get(key));
  set: StateStore['set'] = (key, value, options) =>
    this.#ask('set', () => this.inner.set(key, value, options));
  setAll: StateStore['setAll'] = (entries) => this.inner.setAll(entries);
  delete: StateStore['delete'] = (key, options) => this.#ask('delete', () => this.inner.delete(key, options));
  list: StateStore['list'] = (prefix) => this.#ask('list', () => this.inner.list(prefix));
  close: StateStore['close'] = () => this.inner.close();

  /** Lets go what hangs. */
  release(): void {
    for (const go of this.#hanging.splice(0)) go();
  }

  async #ask<R>(what: string, work: () => Promise<R>): Promise<R> {
    this.asked.push(what);
    if (this.mode === 'fails') throw new PortcullisError('STORE_UNAVAILABLE', 'the store is down');
    if (this.mode === 'hangs') await new Promise<void>((resolve) => this.#hanging.push(resolve));
    return work();
  }
}

export interface CacheWorldOptions extends ResultCacheOptions {
  readonly random?: () => number;
  readonly withStore?: boolean;
  readonly deps?: Partial<ResultCacheDeps<string>>;
}

/** A cache of texts, without jitter unless told otherwise. */
export function cacheWorld({ random, withStore = false, deps, ...options }: CacheWorldOptions = {}) {
  const clock = new ManualClock(START_MS);
  const metrics = new MetricsRegistry({}, { clock });
  const origin = new ScriptedOrigin();
  const store = new FaultyStore(clock);
  const newCache = (): ResultCache<string> =>
    new ResultCache<string>(
      { name: 'test', ...options },
      {
        clock,
        random: random ?? (() => 0),
        metrics,
        secondLevel: withStore ? { store, encode: (value) => value, decode: textOf } : undefined,
        ...deps,
      },
    );
  const cache = newCache();
  const count = async (metric: string, label: string): Promise<number> => {
    const line = (await metrics.exposition())
      .split('\n')
      .find((text) => text.startsWith(metric) && text.includes(label));
    return Number(line?.split(' ').at(-1));
  };
  return {
    clock,
    metrics,
    origin,
    store,
    cache,
    /** Another process over the same store. */
    newCache,
    errors: (level: string) => count('trading_cache_errors_total', `level="${level}"`),
    requests: (result: string) => count('trading_cache_requests_total', `result="${result}"`),
  };
}

const textOf = (json: JsonValue): string => {
  if (typeof json === 'string') return json;
  throw new TypeError('no text');
};

export const failing: Failure = {
  code: 'WORK_FAILED',
  upstream: 'failing',
  mayRetry: false,
  error: new Error('out'),
};

export const status = (code: number): Failure => ({
  code: 'UPSTREAM_STATUS',
  upstream: code < 500 ? 'alive' : 'failing',
  mayRetry: code >= 500,
  status: code,
  headers: {},
  body: '',
});

export const callOf = (parts: Partial<Call> = {}): Call => ({ ...newCall(), ...parts });

export { failed, settle, success };
