import type { Clock } from '../../core/clock.ts';
import type { Call } from '../call.ts';
import type { SharedRateSettings } from './shared-rate-options.ts';
import type { SharedRate, SharedRateAnswer } from './shared-rate.ts';
import { TokenBucket } from './token-bucket.ts';

/** One limit of a limiter, as it is shared. */
export interface SharedBucket {
  readonly name: string;
  readonly counts: 'weight' | 'calls';
  readonly capacity: number;
  readonly refillPerSecond: number;
}

interface SharedTurnDeps {
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  readonly shared: SharedRate;
  /** What has been found out may let somebody go. */
  readonly onChange: () => void;
  /** Nobody could be asked. */
  readonly onFailure: () => void;
}

/** Who decides now. */
export type SharedRateSide = 'shared' | 'fallback';

/** A part of a bucket, for when nobody can be asked. */
interface OwnPart extends SharedBucket {
  readonly part: number;
  readonly tokens: TokenBucket;
}

/** A timer that is later than this says that the process stood still, not that nobody answers. */
const STOOD_STILL_MS = 50;

const NOTHING = { weight: 0, calls: 0 };

/**
 * Finds out for the first of a line when it can go: asks the others who hold the limit, one question at a time. Tokens that were
 * taken for a call which has left the line meanwhile go to the next, or are lost when there is none.
 *
 * When no answer comes in time, or none at all, this process goes on alone with its part, which is empty at first: all may
 * have been taken just before. From time to time the others are asked again, for nothing; the first answer ends it.
 * A refusal is never such a failure.
 */
export class SharedTurn {
  readonly #settings: SharedRateSettings;
  readonly #deps: SharedTurnDeps;
  readonly #parts: readonly OwnPart[];
  /** Taken, and not used yet. */
  #credit = NOTHING;
  /** When this call can go, as the answer to it said. */
  #told: { readonly call: Call; readonly opensMs: number } | undefined;
  /** The question under way, if any. */
  #dueMs: number | undefined;
  #side: SharedRateSide = 'shared';
  #retryAtMs = -Infinity;

  constructor(settings: SharedRateSettings, buckets: readonly SharedBucket[], deps: SharedTurnDeps) {
    this.#settings = settings;
    this.#deps = deps;
    const nowMs = deps.clock.monotonicMs();
    const { fallbackFraction } = settings;
    this.#parts = buckets.map((bucket) => {
      const refillPerSecond = bucket.refillPerSecond * fallbackFraction;
      const tokens = new TokenBucket({ capacity: bucket.capacity, refillPerSecond }, nowMs);
      return { ...bucket, part: bucket.capacity * fallbackFraction, tokens };
    });
  }

  get side(): SharedRateSide {
    return this.#side;
  }

  /** When the first of the line can go; `undefined` when that is being asked, and `onChange` will tell. */
  opensMs(call: Call, nowMs: number): number | undefined {
    return this.#side === 'shared' ? this.#sharedMs(call, nowMs) : this.#ownMs(call, nowMs);
  }

  /** It goes. @returns who has let it go */
  take(call: Call, nowMs: number): SharedRateSide {
    this.#told = undefined;
    if (this.#side === 'shared') {
      this.#credit = { weight: Math.max(0, this.#credit.weight - call.weight), calls: 0 };
    } else {
      for (const part of this.#parts) part.tokens.take(costOf(part, call.weight, 1), nowMs);
    }
    return this.#side;
  }

  /** Nobody waits: what has been taken for somebody is not kept, it would go beside the limit later. */
  lineIsEmpty(): void {
    this.#credit = NOTHING;
    this.#told = undefined;
  }

  #sharedMs(call: Call, nowMs: number): number | undefined {
    const weight = Math.max(0, call.weight - this.#credit.weight);
    const calls = 1 - this.#credit.calls;
    if (weight === 0 && calls === 0) return nowMs;
    if (this.#told?.call === call && this.#told.opensMs > nowMs) return this.#told.opensMs;
    if (this.#dueMs === undefined) this.#ask(call, weight, calls, nowMs);
    return undefined;
  }

  /** A call that weighs more than the part holds saves up for itself, while it is first. */
  #ownMs(call: Call, nowMs: number): number | undefined {
    if (this.#dueMs === undefined && nowMs >= this.#retryAtMs) this.#ask(call, 0, 0, nowMs);
    let opensMs = nowMs;
    for (const part of this.#parts) {
      const cost = costOf(part, call.weight, 1);
      part.tokens.lowerTo(Math.max(part.part, cost), nowMs);
      opensMs = Math.max(opensMs, part.tokens.readyMs(cost, nowMs));
    }
    if (opensMs <= nowMs) return nowMs;
    // The others may be back before.
    const lookMs = this.#dueMs ?? this.#retryAtMs;
    return lookMs > nowMs ? Math.min(opensMs, lookMs) : undefined;
  }

  #ask(call: Call, weight: number, calls: number, nowMs: number): void {
    const { clock, shared } = this.#deps;
    const { limit, timeoutMs } = this.#settings;
    this.#dueMs = nowMs + timeoutMs;
    const takes = this.#parts.map((part) => {
      const { name: bucket, capacity, refillPerSecond } = part;
      return { bucket, capacity, refillPerSecond, cost: costOf(part, weight, calls) };
    });
    let isOpen = true;
    const end = (settle: (atMs: number) => void): void => {
      if (!isOpen) return;
      isOpen = false;
      timer[Symbol.dispose]();
      this.#dueMs = undefined;
      settle(clock.monotonicMs());
      this.#deps.onChange();
    };
    const fail = (): void => {
      end((atMs) => {
        this.#fail(atMs);
      });
    };
    const onLate = (): void => {
      const atMs = clock.monotonicMs();
      if (!(atMs - (this.#dueMs ?? atMs) > STOOD_STILL_MS)) fail();
      else {
        // The answer may be there and not read yet.
        this.#dueMs = atMs + timeoutMs;
        timer = clock.deadline(timeoutMs, onLate);
      }
    };
    let timer = clock.deadline(timeoutMs, onLate);
    (async () => shared.take(limit, takes))().then((answer) => {
      end((atMs) => {
        this.#heed(answer, call, { weight, calls }, atMs);
      });
    }, fail);
  }

  #heed(answer: SharedRateAnswer, call: Call, asked: typeof NOTHING, atMs: number): void {
    this.#side = 'shared';
    if (answer.outcome === 'allowed') {
      const { weight, calls } = this.#credit;
      this.#credit = { weight: weight + asked.weight, calls: calls + asked.calls };
      return;
    }
    // Longer than it takes to fill all buckets it cannot be.
    const waitMs = answer.outcome === 'never' ? Infinity : answer.waitMs;
    this.#told = { call, opensMs: waitMs >= 0 ? atMs + waitMs : atMs + this.#settings.retryMs };
  }

  #fail(atMs: number): void {
    this.#deps.onFailure();
    this.#retryAtMs = atMs + this.#settings.retryMs;
    this.#told = undefined;
    this.#credit = NOTHING;
    if (this.#side === 'fallback') return;
    this.#side = 'fallback';
    for (const { tokens } of this.#parts) tokens.lowerTo(0, atMs);
  }
}

const costOf = ({ counts }: SharedBucket, weight: number, calls: number): number =>
  counts === 'weight' ? weight : calls;
