import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { PaperLanes } from '../../../src/desk/paper/paper-lanes.ts';

/** Sends at once what takes so long in its lane, and gives what arrived, and when. */
function arrivals(sent: readonly (readonly [delayMs: number, lane: string | undefined])[]): string[] {
  const clock = new ManualClock();
  const lanes = new PaperLanes(clock);
  const arrived: string[] = [];
  for (const [n, [delayMs, lane]] of sent.entries()) {
    lanes.send(delayMs, lane, () => arrived.push(`${clock.monotonicMs()} ${n}`));
  }
  clock.advance(1_000);
  return arrived;
}

test('what is in no lane, or in another, takes its own time', () => {
  expect(
    arrivals([
      [30, undefined],
      [20, 'a'],
      [10, 'b'],
      [5, undefined],
    ]),
  ).toEqual(['5 3', '10 2', '20 1', '30 0']);
});

test('in one lane the quick waits for the slow before it', () => {
  expect(
    arrivals([
      [30, 'a'],
      [10, 'a'],
      [40, 'a'],
      [35, 'a'],
    ]),
  ).toEqual(['30 0', '30 1', '40 2', '40 3']);
});

test('a lane that is empty holds nobody up', () => {
  const clock = new ManualClock();
  const lanes = new PaperLanes(clock);
  const arrived: number[] = [];
  for (const delayMs of [30, 5]) {
    lanes.send(delayMs, 'a', () => arrived.push(clock.monotonicMs()));
    clock.advance(30);
  }
  expect(arrived).toEqual([30, 35]);
});

test('what arrives may send in the same lane', () => {
  const clock = new ManualClock();
  const lanes = new PaperLanes(clock);
  const arrived: string[] = [];
  lanes.send(10, 'a', () => {
    arrived.push(`${clock.monotonicMs()} first`);
    lanes.send(5, 'a', () => arrived.push(`${clock.monotonicMs()} reply`));
  });
  lanes.send(12, 'a', () => arrived.push(`${clock.monotonicMs()} second`));
  clock.advance(50);
  expect(arrived).toEqual(['10 first', '12 second', '15 reply']);
});

test('keeps the order also where times are too large for their sums to be exact', () => {
  const clock = new ManualClock();
  clock.advance(2 ** 52 + 0.5);
  const lanes = new PaperLanes(clock);
  const arrived: number[] = [];
  for (const [n, delayMs] of [0.7, 0.1, 0.3, 0.1].entries()) lanes.send(delayMs, 'a', () => arrived.push(n));
  clock.advance(10);
  expect(arrived).toEqual([0, 1, 2, 3]);
});
