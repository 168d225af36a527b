import { afterEach, expect, test, vi } from 'vitest';
import { ServerClock } from '../../examples/toy-exchange/driver/server-clock.ts';
import { ManualClock } from '../../src/core/index.ts';

const SIGNAL = new AbortController().signal;

afterEach(() => {
  vi.unstubAllGlobals();
});

/** An exchange whose clock is `aheadMs` ahead, and answers when it is told to. */
function begin() {
  const clock = new ManualClock(1_000);
  const waiting: ((answer: Response) => void)[] = [];
  const asked = vi.fn(() => new Promise<Response>((resolve) => waiting.push(resolve)));
  vi.stubGlobal('fetch', asked);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const say = async (aheadMs: number, status = 200): Promise<void> => {
    await turn();
    waiting.shift()?.(Response.json(status === 200 ? { timeMs: clock.nowMs() + aheadMs } : {}, { status }));
    await turn();
  };
  return { clock, asked, say, time: new ServerClock('http://exchange', clock) };
}

test('the first reading asks, the others do not', async () => {
  const { time, say, asked } = begin();
  const first = time.nowMs(SIGNAL);
  await say(50);
  expect(await first).toBe(1_050);
  expect(await time.nowMs(SIGNAL)).toBe(1_050);
  expect(asked).toHaveBeenCalledTimes(1);
});

test('an offset that is a minute old is measured anew, and no reading waits for it', async () => {
  const { time, say, asked, clock } = begin();
  const first = time.nowMs(SIGNAL);
  await say(50);
  await first;
  clock.advance(59_999);
  await time.nowMs(SIGNAL);
  expect(asked).toHaveBeenCalledTimes(1);
  clock.advance(1);
  expect(await time.nowMs(SIGNAL)).toBe(61_050);
  expect(await time.nowMs(SIGNAL)).toBe(61_050);
  expect(asked).toHaveBeenCalledTimes(2);
  await say(70);
  expect(await time.nowMs(SIGNAL)).toBe(61_070);
});

test('one that was wrong is measured at once; where that fails, again after a second', async () => {
  const { time, say, asked, clock } = begin();
  const first = time.nowMs(SIGNAL);
  await say(50);
  await first;
  const renewed = time.renew();
  expect(asked).toHaveBeenCalledTimes(2);
  expect(await time.nowMs(SIGNAL)).toBe(1_050);
  await say(0, 500);
  await renewed;
  clock.advance(999);
  await time.nowMs(SIGNAL);
  expect(asked).toHaveBeenCalledTimes(2);
  clock.advance(1);
  expect(await time.nowMs(SIGNAL)).toBe(2_050);
  expect(asked).toHaveBeenCalledTimes(3);
  await say(9);
  expect(await time.nowMs(SIGNAL)).toBe(2_009);
});
