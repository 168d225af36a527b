import { describe, expect, test } from 'vitest';
import { EventRing } from '../../../src/events/embedded/event-ring.ts';
import type { KeptEntry } from '../../../src/events/embedded/kept-event.ts';

const entry = (seq: number): KeptEntry => ({
  ...{ topic: 'thing', seq, position: `${seq}`, takenMs: 0, requeuedFor: undefined },
  ...{ flaw: { kind: 'flaw', reason: 'INVALID', detail: 'none' }, type: undefined, text: '{' },
});

describe('EventRing', () => {
  test('holds the newest by their numbers, past its first length', () => {
    const ring = new EventRing(5);
    for (let seq = 5; seq < 605; seq += 1) ring.push(entry(seq));
    ring.shift();
    expect([ring.first, ring.last, ring.size]).toEqual([6, 604, 599]);
    expect([5, 6, 604, 605].map((seq) => ring.at(seq)?.seq)).toEqual([undefined, 6, 604, undefined]);
  });

  test.each([4, 6])('refuses %d where 5 is next, and takes 5 after it', (seq) => {
    const ring = new EventRing(5);
    expect(() => {
      ring.push(entry(seq));
    }).toThrow(`event ${seq}: expected 5`);
    ring.push(entry(5));
    expect(ring.last).toBe(5);
  });
});
