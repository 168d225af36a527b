import { describe, expect, test } from 'vitest';
import { BlockedCallers } from '../../../src/adapters/redis/blocked-callers.ts';
import type { OutgoingEvent } from '../../../src/adapters/redis/outgoing-event.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';

function world() {
  const clock = new ManualClock();
  const callers = new BlockedCallers(clock, 100);
  const rejected: string[] = [];
  const wait = (id: string): void => {
    callers.wait({ id } as OutgoingEvent, (because, isClosed) =>
      rejected.push(`${id} ${because}${isClosed ? ', for good' : ''}`),
    );
  };
  return { clock, callers, rejected, wait };
}

describe('BlockedCallers', () => {
  test('lets them in in order, until one is not taken', () => {
    const { callers, wait } = world();
    for (const id of ['a', 'b', 'c']) wait(id);
    const taken: string[] = [];
    callers.admit(({ id }) => id !== 'c' && taken.push(id) > 0);
    expect([taken, callers.size]).toEqual([['a', 'b'], 1]);
  });

  test('each waits its own time, and not a millisecond less', () => {
    const { clock, callers, rejected, wait } = world();
    wait('a');
    clock.advance(50);
    wait('b');
    clock.advance(49);
    expect(rejected).toEqual([]);
    clock.advance(1);
    expect(rejected).toEqual(['a no room within 100 ms']);
    clock.advance(49);
    expect(callers.size).toBe(1);
    clock.advance(1);
    expect(rejected).toEqual(['a no room within 100 ms', 'b no room within 100 ms']);
  });

  test('no timer is left when nobody waits', () => {
    const { clock, callers, rejected, wait } = world();
    wait('a');
    callers.admit(() => true);
    expect(clock.nextDueMs).toBe(Infinity);
    wait('b');
    callers.close();
    expect([rejected, clock.nextDueMs]).toEqual([['b the bus was closed, for good'], Infinity]);
  });
});
