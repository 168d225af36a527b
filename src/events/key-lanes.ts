import { orderingKey } from './bus-event.ts';
import type { Delivery } from './delivery.ts';
import { type Entry, GONE, Lane, type LaneState, WAITING } from './lane.ts';
import { ReadyLanes } from './ready-lanes.ts';

/** What is in flight, by key. Each topic is a log of its own, so a key of two topics is two lanes. */
export class KeyLanes<T extends Delivery> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #ready = new ReadyLanes<T>();

  get size(): number {
    return this.#lanes.size;
  }

  /** Whether a lane waits for a handler. */
  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  /** Puts an event behind those of its key; `false` where there are none. */
  join(entry: Entry<T>): boolean {
    const lane = this.#lanes.get(keyOf(entry.delivery));
    if (lane === undefined) return false;
    lane.tail.next = entry;
    lane.tail = entry;
    return true;
  }

  /** A lane for an event whose key has none. */
  open(entry: Entry<T>): Lane<T> {
    const lane = new Lane(keyOf(entry.delivery), entry);
    this.#lanes.set(lane.key, lane);
    return lane;
  }

  /** Lets a lane wait for a handler. */
  await(lane: Lane<T>): void {
    lane.state = WAITING;
    this.#ready.add(lane);
  }

  /** Of the lanes that wait the one whose first event was offered first. */
  take(): Lane<T> | undefined {
    return this.#ready.take();
  }

  /** The first event of a lane is through: the next one waits for a handler. */
  advance(lane: Lane<T>): void {
    const { next } = lane.head;
    if (next === undefined) {
      this.#close(lane);
    } else {
      lane.head = next;
      this.await(lane);
    }
  }

  /** Whether a dead letter is being written. */
  get hasDying(): boolean {
    for (const { state } of this.#lanes.values()) if (state.kind === 'dying') return true;
    return false;
  }

  /** Ends all back-offs, without letting them wait for a handler. */
  wakeAll(): void {
    for (const lane of this.#lanes.values()) {
      if (lane.state.kind !== 'back-off') continue;
      lane.state.timer[Symbol.dispose]();
      lane.state = WAITING;
    }
  }

  /** Takes out events, wherever they stand; `onCutOff` is called for those whose handler runs. */
  remove(which: (delivery: T) => boolean, onCutOff: (entry: Entry<T>) => void): readonly Entry<T>[] {
    const removed: Entry<T>[] = [];
    for (const lane of this.#lanes.values()) {
      const { head } = lane;
      const stays: Entry<T>[] = [];
      for (const entry of entriesOf(lane)) (which(entry.delivery) ? removed : stays).push(entry);
      const [first] = stays;
      if (first !== head && halt(lane.state)) onCutOff(head);
      if (first === undefined) {
        this.#close(lane);
        continue;
      }
      if (first !== head) lane.state = WAITING;
      link(lane, first, stays);
    }
    this.#ready.reset([...this.#lanes.values()].filter(({ state }) => state.kind === 'waiting'));
    return removed;
  }

  #close(lane: Lane<T>): void {
    lane.state = GONE;
    this.#lanes.delete(lane.key);
  }
}

function* entriesOf<T>(lane: Lane<T>): Generator<Entry<T>> {
  for (let entry: Entry<T> | undefined = lane.head; entry !== undefined; entry = entry.next) yield entry;
}

function link<T>(lane: Lane<T>, first: Entry<T>, entries: readonly Entry<T>[]): void {
  lane.head = first;
  for (const [at, entry] of entries.entries()) {
    entry.next = entries[at + 1];
    lane.tail = entry;
  }
}

/** Nobody waits for it any more. @returns whether a handler was running */
function halt(state: LaneState): boolean {
  if (state.kind === 'back-off') state.timer[Symbol.dispose]();
  if (state.kind === 'running') state.watch[Symbol.dispose]();
  return state.kind === 'running';
}

const keyOf = ({ topic, event }: Delivery): string => `${topic} ${orderingKey(event)}`;
