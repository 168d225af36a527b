// Who goes first when there is not enough for all: ten tokens a second, and five calls that come at once.
import { ManualClock } from 'portcullis/core';
import { type Priority, RateLimiter } from 'portcullis/resilience';

const clock = new ManualClock();
const limiter = new RateLimiter(
  { buckets: [{ name: 'weight', capacity: 10, refillPerSecond: 10 }], maxWaitMs: 3_000 },
  { clock },
);

async function ask(name: string, priority: Priority, weight: number): Promise<void> {
  const outcome = await limiter.tryExecute(() => Promise.resolve(name), { priority, weight });
  const { code, retryAfterMs = NaN } = outcome.ok ? { code: 'goes' } : outcome.failure;
  const said = code === 'goes' ? code : `${code}, try again in ${retryAfterMs} ms`;
  console.log(`${clock.monotonicMs()} ms  ${name}, ${priority}, weighs ${weight}: ${said}`);
}

const calls = [
  ask('history', 'low', 10),
  ask('statistics', 'low', 10),
  ask('candles', 'normal', 5),
  ask('book', 'critical', 10),
  ask('more history', 'low', 10),
];
await clock.turn();
for (let step = 0; step < 30; step++) {
  clock.advance(100);
  await clock.turn();
}
await Promise.all(calls);
