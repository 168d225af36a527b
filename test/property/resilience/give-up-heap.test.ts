import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { newCall } from '../../../src/resilience/call.ts';
import { GiveUpHeap } from '../../../src/resilience/policies/give-up-heap.ts';
import { Lane, type Waiter } from '../../../src/resilience/policies/lane.ts';

const waiterOf = (giveUpMs: number): Waiter => ({
  call: newCall(),
  lane: new Lane(0),
  arrivedMs: 0,
  keyMs: 0,
  order: 0,
  giveUpMs,
  settle: () => undefined,
  handleEvent: () => undefined,
  ahead: undefined,
  behind: undefined,
  heapAt: -1,
});

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ push: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(Infinity)) }),
  },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 1_000 }) }) },
);

test.prop([fc.array(step, { minLength: 1, maxLength: 80 })], { numRuns: 300 })(
  'the one that gives up soonest is at hand, whoever comes and goes',
  (steps) => {
    const heap = new GiveUpHeap();
    const model: Waiter[] = [];
    const check = () => {
      const soonest = model.length === 0 ? undefined : Math.min(...model.map(({ giveUpMs }) => giveUpMs));
      expect(heap.soonest?.giveUpMs).toBe(soonest);
    };
    for (const todo of steps) {
      if ('push' in todo) {
        const waiter = waiterOf(todo.push);
        model.push(waiter);
        heap.push(waiter);
      } else {
        const [gone] = model.splice(todo.remove % Math.max(1, model.length), 1);
        if (gone !== undefined) heap.remove(gone);
      }
      check();
    }
    while (model.length > 0) {
      const soonest = heap.soonest;
      if (soonest === undefined) break;
      model.splice(model.indexOf(soonest), 1);
      heap.remove(soonest);
      check();
    }
    expect([heap.soonest, model]).toEqual([undefined, []]);
  },
);

test('who takes the place of one that left may have to rise in it', () => {
  const heap = new GiveUpHeap();
  const waiters = [1, 10, 2, 11, 12, 3, 4, 13, 14, 15, 16, 5, 6, 7, 8].map(waiterOf);
  for (const waiter of waiters) heap.push(waiter);
  for (const waiter of waiters.filter(({ giveUpMs }) => giveUpMs === 11)) heap.remove(waiter);
  const order = [];
  for (let soonest = heap.soonest; soonest !== undefined; soonest = heap.soonest) {
    order.push(soonest.giveUpMs);
    heap.remove(soonest);
  }
  expect(order).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 15, 16]);
});
