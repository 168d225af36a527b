import assert from 'node:assert/strict';
import { SystemClock } from '../../core/clock.ts';
import type { BusEvent } from '../../events/bus-event.ts';
import type { DeliveryContext, EventBus, GroupStatus } from '../../events/event-bus.ts';
import type { DeadLetter } from '../../events/dead-letter.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';
import type { Counted } from './contract-events.ts';
import type { EventBusUnderTest } from './event-bus-under-test.ts';

const clock = new SystemClock();

/** What a case works with beside its subject. */
export interface BusTrial {
  /** Waits until something is so, or fails with `what`. */
  until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void>;
  /** Waits long enough for what would come at once. */
  quiet(): Promise<void>;
  sleep(ms: number): Promise<void>;
  nowMs(): number;
}

/** A case of the contract of a bus. */
export const busCase = (
  name: string,
  run: (subject: EventBusUnderTest, trial: BusTrial) => Promise<void>,
): ContractCase<EventBusUnderTest> => contractCase(name, (subject) => run(subject, trialOf(subject)));

function trialOf({ patienceMs = 10_000, quietMs = 50 }: EventBusUnderTest): BusTrial {
  return {
    async until(isSo, what) {
      const lateMs = clock.monotonicMs() + patienceMs;
      while (!(await isSo())) {
        assert.ok(clock.monotonicMs() < lateMs, `waited ${patienceMs} ms for ${what}`);
        await clock.sleep(3);
      }
    },
    quiet: () => clock.sleep(quietMs),
    sleep: (ms) => clock.sleep(ms),
    nowMs: () => clock.nowMs(),
  };
}

/** One attempt to handle an event. */
export interface Attempt {
  readonly event: BusEvent<Counted>;
  readonly delivery: DeliveryContext;
}

/** A handler that remembers what it was given, and then does what it is told. */
export class Recorder {
  readonly attempts: Attempt[] = [];
  /** Of `instrument n`: attempts that have ended well. */
  readonly done: string[] = [];
  running = 0;
  /** The most that ran at once. */
  most = 0;
  readonly #react: (attempt: Attempt) => unknown;

  /** @param react what becomes of an attempt. Default: it ends well. */
  constructor(react: (attempt: Attempt) => unknown = () => undefined) {
    this.#react = react;
  }

  /** For `subscribe`. */
  readonly handler = (event: BusEvent, delivery: DeliveryContext): unknown => {
    const attempt = { event: event as BusEvent<Counted>, delivery };
    this.attempts.push(attempt);
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    return this.#run(attempt);
  };

  /** The numbers of all attempts, in the order in which they began. */
  get numbers(): readonly number[] {
    return this.attempts.map(({ event }) => event.data.n);
  }

  /** The numbers of all attempts for one instrument. */
  numbersOf(instrument: string): readonly number[] {
    return this.attempts.flatMap(({ event }) => (event.data.instrument === instrument ? [event.data.n] : []));
  }

  async #run(attempt: Attempt): Promise<unknown> {
    try {
      const result = await this.#react(attempt);
      this.done.push(`${attempt.event.data.instrument} ${attempt.event.data.n}`);
      return result;
    } finally {
      this.running -= 1;
    }
  }
}

/** A door that stays shut until it is opened: for a handler to wait at. */
export class Gate {
  readonly opened: Promise<void>;
  #open: () => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }
}

/** Short waits before further attempts. */
export const SOON = { backoffMs: 5, maxBackoffMs: 20 } as const;

/** The numbers from 1 to `to`, or from `from`. */
export const upTo = (to: number, from = 1): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

export async function lettersOf(bus: EventBus, group: string): Promise<readonly DeadLetter[]> {
  return bus.deadLetters.list({ group });
}

/** How a group stands in the topic `tick`, `undefined` where it is not there. */
export async function statusOf(bus: EventBus, group: string): Promise<GroupStatus | undefined> {
  return (await bus.groups()).find((each) => each.group === group && each.topic === 'tick');
}

/** Fails unless each number comes in order, repetitions of what came before aside, and none is left out. */
export function assertInOrder(numbers: readonly number[], expected: readonly number[], what: string): void {
  const firsts = [...new Set(numbers)];
  assert.deepEqual(firsts, expected, what);
}
