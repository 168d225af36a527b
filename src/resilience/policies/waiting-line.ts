import type { Clock } from '../../core/clock.ts';
import { listen, unlisten } from '../call-within.ts';
import type { Call } from '../call.ts';
import { type Failure, aborted } from '../failure.ts';
import { PRIORITIES, type Priority } from '../priority.ts';
import { GiveUpHeap } from './give-up-heap.ts';
import { Lane, type Waiter, goesBefore } from './lane.ts';

export interface WaitingLineOptions {
  /** Calls that may wait at a time. */
  readonly maxQueued: number;
  /** Each such time that a call has waited lifts it by one priority. */
  readonly ageingMs: number;
}

/** The line is full; it would wait longer than it may, with the door open or shut. */
type Refusal = 'queue-full' | 'wait-too-long' | 'banned';

/** What a line waits before. */
export interface Door {
  /** Nobody goes before; -Infinity when it is not shut. */
  shutUntilMs(): number;
  /** When this call can go, if nobody else goes; `undefined` when no time can be told, and `serve` will be called. */
  opensMs(call: Call, nowMs: number): number | undefined;
  /** This call goes: takes what it needs. */
  enter(call: Call, nowMs: number, waitedMs: number): void;
  /** This call cannot go. `opensMs`: when it could have, where that is known. */
  refuse(because: Refusal, nowMs: number, opensMs?: number): Failure;
}

/**
 * A bounded line of calls before a door. The most urgent priority goes first; every `ageingMs` of waiting counts as one
 * priority, so that a call of `low` goes before every `critical` one that comes three such times later. Of equals the first
 * to come goes first. Only the head of the line can go: a light call never passes a heavy one that is before it.
 *
 * When the line is full, a newcomer that goes before the last takes its place.
 *
 * The order of two calls never changes while they wait: the time of arrival, plus `ageingMs` for each priority below the
 * first, says it all. So there is a lane for each priority, whose heads are compared.
 */
export class WaitingLine {
  readonly #options: WaitingLineOptions;
  readonly #clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  readonly #door: Door;
  readonly #lanes: readonly Lane[] = PRIORITIES.map((_, rank) => new Lane(rank));
  readonly #lowest = this.#lanes.at(-1) ?? new Lane(0);
  readonly #giveUps = new GiveUpHeap();
  #length = 0;
  #arrivals = 0;
  #nowMs = 0;
  #timer: Disposable | undefined;
  /** When the timer is due. */
  #dueMs = Infinity;

  constructor(options: WaitingLineOptions, clock: Pick<Clock, 'monotonicMs' | 'deadline'>, door: Door) {
    this.#options = options;
    this.#clock = clock;
    this.#door = door;
    this.#nowMs = this.now();
  }

  get length(): number {
    return this.#length;
  }

  /** The monotonic time, which stands still while the clock gives none, or goes back. */
  now(): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    return this.#nowMs;
  }

  /** Whether a call of this priority that came now would go first. */
  isFirst(priority: Priority, nowMs: number): boolean {
    const head = this.#head();
    return head === undefined || this.#keyMs(this.#laneOf(priority), nowMs) < head.keyMs;
  }

  /** How many calls, and how much weight, would go before a call of this priority that came now. */
  ahead(priority: Priority, nowMs: number): { readonly calls: number; readonly weight: number } {
    const own = this.#laneOf(priority);
    const keyMs = this.#keyMs(own, nowMs);
    let calls = 0;
    let weight = 0;
    for (const lane of this.#lanes) {
      if (lane.rank <= own.rank) {
        calls += lane.count;
        weight += lane.weight;
        continue;
      }
      for (let one = lane.first; one !== undefined && one.keyMs <= keyMs; one = one.behind) {
        calls += 1;
        weight += one.call.weight;
      }
    }
    return { calls, weight };
  }

  /**
   * Waits until the call may go, and has entered; or why it may not. Its `stats` get the time it waited.
   *
   * @param giveUpMs it waits until then, on the monotonic clock
   */
  join(call: Call, nowMs: number, giveUpMs: number): Promise<Failure | undefined> {
    const lane = this.#laneOf(call.priority);
    const keyMs = this.#keyMs(lane, nowMs);
    if (!this.#hasRoom(keyMs, nowMs)) return Promise.resolve(this.#door.refuse('queue-full', nowMs));
    return new Promise((settle) => {
      const waiter: Waiter = {
        call,
        lane,
        arrivedMs: nowMs,
        keyMs,
        order: this.#arrivals++,
        giveUpMs,
        settle,
        handleEvent: () => {
          this.#refuse(waiter, aborted(call.signal), this.now());
          this.serve(this.#nowMs);
        },
        ahead: undefined,
        behind: undefined,
        heapAt: 0,
      };
      waiter.lane.push(waiter);
      this.#giveUps.push(waiter);
      this.#length += 1;
      listen(call, waiter);
      this.serve(nowMs);
    });
  }

  /** Lets go who can go now, and refuses who cannot go any more. To be called when the door has changed. */
  serve(nowMs: number): void {
    const opensMs = this.#serveHeads(nowMs);
    const shutUntilMs = this.#door.shutUntilMs();
    for (let one = this.#giveUps.soonest; one !== undefined; one = this.#giveUps.soonest) {
      if (one.giveUpMs > nowMs && one.giveUpMs >= shutUntilMs) break;
      const isUntold = opensMs === Infinity && !(shutUntilMs > nowMs);
      const goesMs = isUntold ? undefined : Math.max(opensMs === Infinity ? nowMs : opensMs, shutUntilMs);
      this.#refuse(one, this.#tooLong(one, nowMs, goesMs), nowMs);
    }
    this.#arm(Math.min(opensMs, this.#giveUps.soonest?.giveUpMs ?? Infinity), nowMs);
  }

  /** Ends every wait with this failure. */
  refuseAll(failure: Failure): void {
    const nowMs = this.now();
    for (let head = this.#head(); head !== undefined; head = this.#head()) this.#refuse(head, failure, nowMs);
    this.#arm(Infinity, nowMs);
  }

  /** @returns when the head that is left can go */
  #serveHeads(nowMs: number): number {
    for (let head = this.#head(); head !== undefined; head = this.#head()) {
      const opensMs = this.#door.opensMs(head.call, nowMs);
      if (opensMs === undefined) break;
      if (opensMs <= nowMs) {
        const waitedMs = this.#leave(head, nowMs);
        this.#door.enter(head.call, nowMs, waitedMs);
        head.settle(undefined);
      } else if (opensMs > head.giveUpMs) {
        this.#refuse(head, this.#tooLong(head, nowMs, opensMs), nowMs);
      } else {
        return opensMs;
      }
    }
    return Infinity;
  }

  #head(): Waiter | undefined {
    let head: Waiter | undefined;
    for (const { first } of this.#lanes)
      if (first !== undefined && (head === undefined || goesBefore(first, head))) head = first;
    return head;
  }

  #last(): Waiter | undefined {
    let found: Waiter | undefined;
    for (const { last } of this.#lanes)
      if (last !== undefined && (found === undefined || goesBefore(found, last))) found = last;
    return found;
  }

  /** Makes room for a newcomer if need be, by refusing the last. */
  #hasRoom(keyMs: number, nowMs: number): boolean {
    if (this.#length < this.#options.maxQueued) return true;
    const last = this.#last();
    if (last === undefined || keyMs >= last.keyMs) return false;
    this.#refuse(last, this.#door.refuse('queue-full', nowMs), nowMs);
    return true;
  }

  #tooLong({ giveUpMs }: Waiter, nowMs: number, opensMs: number | undefined): Failure {
    const because = giveUpMs < this.#door.shutUntilMs() ? 'banned' : 'wait-too-long';
    return this.#door.refuse(because, nowMs, opensMs);
  }

  #refuse(waiter: Waiter, failure: Failure, nowMs: number): void {
    this.#leave(waiter, nowMs);
    waiter.settle(failure);
  }

  /** @returns how long it waited */
  #leave(waiter: Waiter, nowMs: number): number {
    const { call, lane, arrivedMs } = waiter;
    lane.remove(waiter);
    this.#giveUps.remove(waiter);
    this.#length -= 1;
    unlisten(call, waiter);
    const waitedMs = nowMs - arrivedMs;
    call.stats.waitMs += waitedMs;
    return waitedMs;
  }

  /** One timer for the whole line; one that is due too soon does no harm. */
  #arm(dueMs: number, nowMs: number): void {
    if (dueMs < Infinity && this.#dueMs <= dueMs) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#dueMs = dueMs;
    if (dueMs === Infinity) return;
    this.#timer = this.#clock.deadline(dueMs - nowMs, () => {
      this.#dueMs = Infinity;
      this.serve(this.now());
    });
  }

  #keyMs({ rank }: Lane, nowMs: number): number {
    return nowMs + rank * this.#options.ageingMs;
  }

  /** A priority that does not exist is the last. */
  #laneOf(priority: Priority): Lane {
    return this.#lanes[PRIORITIES.indexOf(priority)] ?? this.#lowest;
  }
}
