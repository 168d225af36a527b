import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import type { Call } from '../call.ts';
import { type Failure, type RateLimited, aborted } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';
import { Policy, type Work } from '../policy.ts';
import { RateLimitMetrics } from './rate-limit-metrics.ts';
import { type RateLimiterOptions, rateLimiterSchema } from './rate-limiter-options.ts';
import type { Room } from './room.ts';
import type { SharedRate } from './shared-rate.ts';
import { type SharedRateSide, SharedTurn } from './shared-turn.ts';
import { TokenBucket } from './token-bucket.ts';
import { WaitingLine } from './waiting-line.ts';

export interface RateLimiterDeps {
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  /**
   * Calls go only when there is room further in; tell `roomMade` when there is. Without it what waits further in has its
   * tokens already, and may reach the server in one burst.
   */
  readonly room?: Room | undefined;
  /** Who is asked when the options say `shared`. */
  readonly shared?: SharedRate | undefined;
  readonly metrics?: Pick<MetricsRegistry, 'counter' | 'gauge' | 'histogram' | 'collector'> | undefined;
}

export interface RateLimiterStatus {
  readonly buckets: readonly {
    readonly name: string;
    /** Tokens that are there now. */
    readonly level: number;
    readonly capacity: number;
  }[];
  /** Calls that wait. */
  readonly waiting: number;
  /** End of the pause, on the monotonic clock; undefined without one. */
  readonly pausedUntilMs: number | undefined;
  /** Of a limit that is held with other processes: whether they are asked, or this one goes by its own part. */
  readonly decidedBy?: SharedRateSide | undefined;
}

interface Limit {
  readonly name: string;
  readonly counts: 'weight' | 'calls';
  readonly windowLimit: number;
  readonly tokens: TokenBucket;
}

const GRANTED: Promise<undefined> = Promise.resolve(undefined);

/**
 * Lets calls go as fast as a server allows, and no faster. Each call takes from all buckets in one tick, or waits: the most
 * urgent first, however heavy, lifted by one priority for each `ageingMs` of waiting. A `critical` call waits as well, since
 * the limits of a server are hard, but before all others.
 *
 * A call is refused with `RATE_LIMITED` at once when it is known that it would wait longer than `maxWaitMs` or its deadline
 * (`wait-too-long`, `banned` during a pause), when it weighs more than a bucket holds, or is no weight at all
 * (`weight-too-high`), and when too many wait that go before it (`queue-full`). A more urgent newcomer takes the place of
 * the last in a full line.
 *
 * With `shared`, other processes hold the same limit: who is first is asked for there, and its wait is what the answer says. A
 * failure to ask is never a refusal: this process goes on with its part then. Its own buckets, which a server's count lowers, hold as
 * well.
 *
 * With `room`, each attempt that goes has a place kept further in until it arrives there. Between two attempts a call has none.
 */
export class RateLimiter extends Policy implements Disposable {
  readonly #limits: readonly Limit[];
  readonly #maxWeight: number;
  readonly #maxWaitMs: number;
  readonly #line: WaitingLine;
  readonly #room: Room | undefined;
  readonly #metrics: RateLimitMetrics | undefined;
  readonly #turn: SharedTurn | undefined;
  #pausedUntilMs = -Infinity;
  #closed: Failure | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: RateLimiterOptions, { clock, room, metrics, shared }: RateLimiterDeps) {
    super();
    const settings = parseOptions('RateLimiter', rateLimiterSchema, options);
    const { buckets, maxQueued, ageingMs, maxWaitMs, name } = settings;
    const nowMs = clock.monotonicMs();
    this.#limits = buckets.map((bucket) => ({
      name: bucket.name,
      counts: bucket.counts,
      windowLimit: bucket.windowLimit ?? bucket.capacity,
      tokens: new TokenBucket(bucket, nowMs),
    }));
    this.#maxWeight = Math.min(
      ...buckets.map(({ counts, capacity }) => (counts === 'weight' ? capacity : Infinity)),
    );
    this.#maxWaitMs = maxWaitMs;
    this.#room = room;
    this.#metrics =
      metrics && new RateLimitMetrics(name, metrics, () => this.#usage(), settings.shared !== undefined);
    if (settings.shared !== undefined) {
      if (shared === undefined)
        throw new PortcullisError(
          'OPTION_INVALID',
          'RateLimiter: shared: expected a dep shared, got nothing',
        );
      this.#turn = new SharedTurn({ ...settings.shared, limit: settings.shared.limit ?? name }, buckets, {
        clock,
        shared,
        onChange: () => {
          this.#turnChanged();
        },
        onFailure: () => this.#metrics?.sharedFailed(),
      });
    }
    this.#line = new WaitingLine({ maxQueued, ageingMs }, clock, {
      shutUntilMs: () => this.#pausedUntilMs,
      opensMs: (call, atMs) => {
        const opensMs = this.#opensMs(call.weight, 1, atMs);
        if (!(opensMs <= atMs)) return opensMs;
        if (!this.#hasRoom()) return undefined;
        return this.#turn === undefined ? opensMs : this.#turn.opensMs(call, atMs);
      },
      enter: (call, atMs, waitedMs) => {
        this.#take(call, atMs);
        const side = this.#turn?.take(call, atMs);
        if (side !== undefined) this.#metrics?.sharedBy(side);
        this.#metrics?.waited(call.priority, waitedMs);
      },
      refuse: (because, atMs, opensMs) =>
        this.#refuse(because, opensMs === undefined ? undefined : opensMs - atMs),
    });
  }

  run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    if (this.#room !== undefined) return this.#runWithRoom(this.#room, work, call);
    return this.#goes(call) ? work(call) : this.#runLater(work, call);
  }

  /**
   * Takes the tokens of a call, waiting for them if need be; or says why not. For what is not run by this policy, such as
   * further attempts of a call that is.
   */
  acquire(call: Call): Promise<Failure | undefined> {
    return this.#goes(call) ? GRANTED : this.#wait(call);
  }

  /**
   * What the server says is used of a limit in its window: at most the rest of its `windowLimit` is left here. It can lower
   * our count, and never raises it. What is not a number, or below 0, says nothing.
   *
   * @returns whether there is such a bucket
   */
  observe(bucketName: string, used: number): boolean {
    const limit = this.#limits.find(({ name }) => name === bucketName);
    if (limit === undefined) return false;
    if (!(used >= 0)) return true;
    const nowMs = this.#line.now();
    limit.tokens.lowerTo(limit.windowLimit - used, nowMs);
    if (this.#line.length > 0) this.#line.serve(nowMs);
    return true;
  }

  /**
   * Lets nobody go for so long, milliseconds from now: a ban. It does not end a longer one. Calls that cannot wait that long
   * are refused at once.
   */
  pauseFor(ms: number): void {
    const nowMs = this.#line.now();
    if (!(ms > 0 && nowMs + ms > this.#pausedUntilMs)) return;
    this.#pausedUntilMs = nowMs + ms;
    this.#line.serve(nowMs);
  }

  /** Ends a pause at once, however long it was to be. */
  resume(): void {
    this.#pausedUntilMs = -Infinity;
    this.roomMade();
  }

  /** Calls that waited for room further in go now. */
  roomMade(): void {
    if (this.#line.length > 0) this.#line.serve(this.#line.now());
  }

  status(): RateLimiterStatus {
    const nowMs = this.#line.now();
    return {
      buckets: this.#limits.map(({ name, tokens }) => ({
        name,
        level: tokens.level(nowMs),
        capacity: tokens.capacity,
      })),
      waiting: this.#line.length,
      pausedUntilMs: this.#pausedUntilMs > nowMs ? this.#pausedUntilMs : undefined,
      ...(this.#turn === undefined ? {} : { decidedBy: this.#turn.side }),
    };
  }

  /** Ends the wait of all calls with `ABORTED` and this reason, as of all that come later, and leaves the metrics. */
  close(reason: unknown = 'the rate limiter was closed'): void {
    this.#metrics?.[Symbol.dispose]();
    if (this.#closed !== undefined) return;
    const failure = { ...aborted(undefined), reason };
    this.#closed = failure;
    this.#line.refuseAll(failure);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #runLater<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    const failure = await this.#wait(call);
    return failure === undefined ? work(call) : failed(failure);
  }

  async #runWithRoom<T>(room: Room, work: Work<T>, call: Call): Promise<Outcome<T>> {
    room.begin(call);
    try {
      const failure = this.#goes(call) ? undefined : await this.#wait(call);
      return failure === undefined ? await work(call) : failed(failure);
    } finally {
      room.end(call);
    }
  }

  #turnChanged(): void {
    this.#line.serve(this.#line.now());
    if (this.#line.length === 0) this.#turn?.lineIsEmpty();
  }

  /** Whether it went at once. What others have to be asked for never does. */
  #goes(call: Call): boolean {
    if (this.#turn !== undefined) return false;
    if (this.#closed !== undefined || call.signal?.aborted === true || !this.#fits(call)) return false;
    const nowMs = this.#line.now();
    if (this.#line.length > 0 && !this.#line.isFirst(call.priority, nowMs)) return false;
    if (!(this.#opensMs(call.weight, 1, nowMs) <= nowMs && this.#hasRoom())) return false;
    this.#take(call, nowMs);
    return true;
  }

  #wait(call: Call): Promise<Failure | undefined> {
    if (this.#closed !== undefined) return Promise.resolve(this.#closed);
    if (call.signal?.aborted === true) return Promise.resolve(aborted(call.signal));
    if (!this.#fits(call)) return Promise.resolve(this.#refuse('weight-too-high'));
    const nowMs = this.#line.now();
    const giveUpMs = Math.min(nowMs + this.#maxWaitMs, call.deadlineMs);
    const ahead = this.#line.ahead(call.priority, nowMs);
    const opensMs = this.#opensMs(ahead.weight + call.weight, ahead.calls + 1, nowMs);
    if (opensMs <= giveUpMs) return this.#line.join(call, nowMs, giveUpMs);
    const because = giveUpMs < this.#pausedUntilMs ? 'banned' : 'wait-too-long';
    return Promise.resolve(this.#refuse(because, opensMs - nowMs));
  }

  #fits({ weight }: Call): boolean {
    return weight >= 0 && weight <= this.#maxWeight;
  }

  /** When so much, in so many calls, can have gone. */
  #opensMs(weight: number, calls: number, nowMs: number): number {
    const fromMs = Math.max(nowMs, this.#pausedUntilMs);
    let opensMs = fromMs;
    for (const { counts, tokens } of this.#limits) {
      const readyMs = tokens.readyMs(counts === 'weight' ? weight : calls, fromMs);
      if (!(readyMs <= opensMs)) opensMs = readyMs;
    }
    return opensMs;
  }

  #hasRoom(): boolean {
    return this.#room === undefined || this.#room.hasRoom();
  }

  #take(call: Call, nowMs: number): void {
    for (const { counts, tokens } of this.#limits) tokens.take(counts === 'weight' ? call.weight : 1, nowMs);
    this.#room?.keep(call);
  }

  #refuse(because: RateLimited['because'], retryAfterMs?: number): RateLimited {
    this.#metrics?.refused(because);
    return { code: 'RATE_LIMITED', upstream: 'unknown', mayRetry: false, because, retryAfterMs };
  }

  *#usage(): Generator<readonly [bucket: string, ratio: number]> {
    const nowMs = this.#line.now();
    for (const { name, tokens } of this.#limits) yield [name, 1 - tokens.level(nowMs) / tokens.capacity];
  }
}
