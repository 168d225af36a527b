import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { measureLoopDelay } from '../../src/service/http/load-shedding.ts';

function measured() {
  const delay = measureLoopDelay();
  onTestFinished(() => {
    delay[Symbol.dispose]();
  });
  return delay;
}

const block = (ms: number): void => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};

test('an event loop with nothing to do has hardly any delay', async () => {
  const delay = measured();
  const seen: number[] = [];
  // The machine may have other things to do: one look of twenty is enough.
  while (seen.length < 20 && !seen.some((ms) => ms < 60)) {
    await sleep(300);
    seen.push(delay());
  }
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(0);
  expect(Math.min(...seen)).toBeLessThan(60);
});

test('one that is blocked again and again is seen, although hardly anything can be measured meanwhile', async () => {
  const delay = measured();
  const seen: number[] = [];
  for (let look = 0; look < 6; look += 1) {
    block(120);
    await sleep(1);
    seen.push(delay());
  }
  expect(Math.max(...seen)).toBeGreaterThan(60);
});
