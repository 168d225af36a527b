import { fc } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { Fifo } from '../../src/events/fifo.ts';

test('a Fifo is a list whose front moves', () => {
  const step = fc.oneof(
    fc.integer({ min: 0, max: 3_000 }).map((count) => ['push', count] as const),
    fc.integer({ min: 0, max: 3_000 }).map((count) => ['take', count] as const),
    fc.integer({ min: 0, max: 5 }).map((count) => ['putBack', count] as const),
    fc.integer({ min: 0, max: 20 }).map((at) => ['remove', at] as const),
    fc.constant(['shift', 1] as const),
    fc.constant(['drain', 0] as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const fifo = new Fifo<number>();
      const list: number[] = [];
      let next = 0;
      for (const [verb, count] of steps) {
        const fresh = Array.from({ length: count }, () => next++);
        if (verb === 'push') for (const each of fresh) [fifo, list].forEach((queue) => queue.push(each));
        else if (verb === 'take') expect(fifo.take(count)).toEqual(list.splice(0, count));
        else if (verb === 'shift') expect(fifo.shift()).toBe(list.shift());
        else if (verb === 'drain') expect(fifo.drain()).toEqual(list.splice(0));
        else if (verb === 'putBack') {
          fifo.putBack(fresh);
          list.unshift(...fresh);
        } else if (count < list.length) {
          fifo.remove(count);
          list.splice(count, 1);
        }
        expect([fifo.size, fifo.peek(), fifo.peek(2)]).toEqual([list.length, list[0], list[2]]);
      }
    }),
  );
});
