import type { Clock } from '../../core/clock.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { SavedOrder } from '../../trading/saved-book.ts';
import type { OutboxLog } from './outbox-log.ts';
import type { RelayPlace } from './relay-place.ts';
import type { RelayedOrders } from './relayed-orders.ts';
import type { RewindPoint, RewindStore, SavedRewind } from './rewind-store.ts';

interface RelayRewindDeps {
  readonly bus: Partial<Pick<EventBus, 'status'>>;
  readonly log: Pick<OutboxLog, 'firstSeq'>;
  readonly clock: Pick<Clock, 'nowMs' | 'turn'>;
  readonly store: RewindStore;
  readonly orders: Pick<RelayedOrders, 'all'>;
}

/** Where a relay is. */
type Here = Pick<RelayPlace, 'seq' | 'digest' | 'dayId'>;

/**
 * Where a relay goes back to when the bus has lost what it held. Two points are kept: a new one is made once the newer is
 * `rewindMs` old, and takes the place of the older. So all that was told within that time is behind the older one.
 */
export class RelayRewind {
  readonly #rewindMs: number;
  readonly #deps: RelayRewindDeps;
  /** That was told, as far as it is known. */
  #generation: string | undefined;
  /** The oldest first. */
  #points: readonly RewindPoint[];

  constructor(rewindMs: number, saved: SavedRewind | undefined, deps: RelayRewindDeps) {
    this.#rewindMs = rewindMs;
    this.#deps = deps;
    this.#generation = saved?.generation;
    this.#points = saved?.points ?? [];
  }

  /** Of the bus that is told; `undefined` as long as it has said none. */
  get generation(): string | undefined {
    return this.#generation;
  }

  /** Whether the bus is another one now than was told. One that says nothing is not. */
  readonly isLost = (): boolean => {
    if (this.#generation === undefined) return false;
    const found = this.#found();
    return found !== undefined && found !== this.#generation;
  };

  /** Whether the bus has said for the first time which one it is. */
  get isNew(): boolean {
    return this.#generation === undefined && this.#found() !== undefined;
  }

  /** Whether it has to be looked at. */
  get isWatched(): boolean {
    return this.#deps.bus.status !== undefined;
  }

  /** To be saved with the place. */
  get saved(): SavedRewind | undefined {
    if (this.#generation === undefined) return undefined;
    return { generation: this.#generation, points: [...this.#points] };
  }

  /** The record from which on the log is needed, by a relay that is at `seq`. */
  neededFrom(seq: number): number {
    return Math.min(seq, this.#points[0]?.seq ?? seq);
  }

  /**
   * Counts what is told from here on as told to the bus as it is now.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async begin(here: Here): Promise<void> {
    const found = this.#found();
    if (found === undefined) return;
    this.#points = [await this.#point(here)];
    this.#generation = found;
  }

  /**
   * Makes a point of where the relay is, if one is due.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async keep(here: Here): Promise<void> {
    const newest = this.#points.at(-1);
    if (this.#generation === undefined || newest === undefined || newest.seq >= here.seq) return;
    // A wall clock that was set back makes it due as well, or the log would be needed for ever.
    if (Math.abs(this.#deps.clock.nowMs() - newest.atMs) < this.#rewindMs) return;
    this.#points = [newest, await this.#point(here)];
  }

  /**
   * The oldest point that the log still reaches back to, and the orders as they were there: the one to go on with, for the bus as
   * it is now. `undefined` where there is none: then nothing is known of a bus.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async back(): Promise<{ readonly to: RewindPoint; readonly orders: readonly SavedOrder[] } | undefined> {
    const found = this.#found();
    for (const to of this.#points) {
      if (to.seq + 1 < this.#deps.log.firstSeq) continue;
      const orders = await this.#deps.store.ordersAt(to);
      if (orders === undefined) continue;
      this.#points = [to];
      this.#generation = found;
      return { to, orders };
    }
    this.forget();
    return undefined;
  }

  /** Nothing is known of a bus any more, nor where to go back to. */
  forget(): void {
    this.#points = [];
    this.#generation = undefined;
  }

  #found(): string | undefined {
    return this.#deps.bus.status?.().generation;
  }

  #point({ seq, digest, dayId }: Here): Promise<RewindPoint> {
    const { clock, store, orders } = this.#deps;
    const place = { seq, digest, dayId, atMs: clock.nowMs() };
    return store.keep(place, orders.all(), this.#points, () => clock.turn());
  }
}
