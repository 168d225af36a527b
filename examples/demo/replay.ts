import { type ManualClock } from 'portcullis/core';
import { type MarketEvent } from 'portcullis/trading';
import { type TradingSystem } from './trading-system.ts';

/**
 * Drives a system through past or simulated time, as fast as it goes. No simulated time passes while something is being
 * written down, so the same events give the same run whatever the disk does.
 */
export async function replay(
  system: TradingSystem,
  clock: ManualClock,
  batches: AsyncIterable<readonly MarketEvent[]> | Iterable<readonly MarketEvent[]>,
  onBatch: (timeMs: number) => void = () => undefined,
): Promise<void> {
  for await (const batch of batches) {
    for (const event of batch) {
      if (clock.nextDueMs <= event.receivedMs) await advance(system, clock, event.receivedMs);
      clock.advanceTo(event.receivedMs);
      system.onMarket(event);
      if (system.isWriting) await system.settled();
    }
    onBatch(clock.nowMs());
    await clock.turn(); // lets the disk and signals have their say
  }
}

/** Answers of the venue and time limits fall due one by one, and each is dealt with before the next. */
export async function advance(system: TradingSystem, clock: ManualClock, untilMs: number): Promise<void> {
  while (clock.nextDueMs <= untilMs) {
    clock.advanceTo(clock.nextDueMs);
    await system.settled();
  }
}

/** Stops the system while its clock still stands still: lets time pass until the venue has answered all cancels. */
export async function stopReplay(system: TradingSystem, clock: ManualClock): Promise<void> {
  const stopped = system.stop();
  await system.settled();
  await advance(system, clock, clock.nowMs() + 10_000);
  await stopped;
}
