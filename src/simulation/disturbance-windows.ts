import { SeededRandom } from '../core/random.ts';
import type { Disturbance, DisturbanceOf } from './disturbance.ts';

const DAY_MS = 86_400_000;

/** One time at which a disturbance happens. */
export interface DisturbanceWindow<D extends Disturbance = Disturbance> {
  readonly disturbance: D;
  /** Inclusive. */
  readonly fromMs: number;
  /** Exclusive; Infinity when it does not end. */
  readonly toMs: number;
}

/** Where the drawn windows come from: the same for every instrument. */
export interface WindowSource {
  readonly disturbances: readonly Disturbance[];
  readonly seed: number;
  /** Drawn ones begin after this. */
  readonly startMs: number;
}

/**
 * The windows of one kind of disturbance for one instrument, asked for in the order of time. One at a time: where two
 * overlap, the one that began first runs to its end, then the other for what is left of it.
 */
export class WindowCursor<K extends Disturbance['kind']> {
  readonly #sources: Iterator<DisturbanceWindow<DisturbanceOf<K>>, undefined>[] = [];
  readonly #heads: (DisturbanceWindow<DisturbanceOf<K>> | undefined)[] = [];
  #current: DisturbanceWindow<DisturbanceOf<K>> | undefined;

  constructor(kind: K, instrumentId: string, { disturbances, seed, startMs }: WindowSource) {
    const root = new SeededRandom(seed ^ 0x5bd1e995);
    for (const disturbance of disturbances) {
      const random = root.fork();
      if (!isKind(disturbance, kind) || disturbance.instrumentIds?.includes(instrumentId) === false) continue;
      const source = windows(disturbance, startMs, random);
      this.#sources.push(source);
      this.#heads.push(source.next().value);
    }
  }

  /** Whether there is nothing, now and later. */
  get empty(): boolean {
    return this.#current === undefined && this.#heads.every((head) => head === undefined);
  }

  /** The window that is open at a time. Times never go back. */
  at(ms: number): DisturbanceWindow<DisturbanceOf<K>> | undefined {
    if (this.#current !== undefined && this.#current.toMs > ms) return this.#current;
    this.#current = undefined;
    for (const [i, head] of this.#heads.entries()) {
      let next = head;
      while (next !== undefined && next.toMs <= ms) next = this.#sources[i]?.next().value;
      this.#heads[i] = next;
      const earliest = this.#current?.fromMs ?? Infinity;
      if (next !== undefined && next.fromMs <= ms && next.fromMs < earliest) this.#current = next;
    }
    return this.#current;
  }

  /** The windows that have begun since the last time, for what happens in a moment. Times never go back. */
  *begun(ms: number): Generator<DisturbanceWindow<DisturbanceOf<K>>> {
    for (const [i, head] of this.#heads.entries()) {
      let next = head;
      for (; next !== undefined && next.fromMs <= ms; next = this.#sources[i]?.next().value) yield next;
      this.#heads[i] = next;
    }
  }
}

function isKind<K extends Disturbance['kind']>(
  disturbance: Disturbance,
  kind: K,
): disturbance is DisturbanceOf<K> {
  return disturbance.kind === kind;
}

/** In the order of time, without overlap. */
function* windows<D extends Disturbance>(
  disturbance: D,
  startMs: number,
  random: SeededRandom,
): Generator<DisturbanceWindow<D>, undefined> {
  const { when } = disturbance;
  if (when.kind === 'scheduled') {
    const durationMs = ('durationMs' in when ? when.durationMs : undefined) ?? Infinity;
    yield { disturbance, fromMs: when.fromMs, toMs: when.fromMs + durationMs };
    return;
  }
  for (let atMs = startMs; ;) {
    const fromMs = atMs + exponential(DAY_MS / when.perDay, random);
    const toMs = fromMs + ('meanDurationMs' in when ? exponential(when.meanDurationMs, random) : 0);
    yield { disturbance, fromMs, toMs };
    atMs = toMs;
  }
}

const exponential = (mean: number, random: SeededRandom): number => -mean * Math.log(1 - random.next());
