import { onTestFinished, vi } from 'vitest';
import { SystemClock } from '../../../../src/core/clock.ts';
import { type BusEvent, EmbeddedEventBus, TRADING_EVENTS } from '../../../../src/events/index.ts';

/** A real bus, and all that a group of it is given. */
export async function heard() {
  const bus = await EmbeddedEventBus.open({}, { clock: new SystemClock(), catalogue: TRADING_EVENTS });
  const events: BusEvent[] = [];
  const group = bus.subscribe('listener', '*', (event) => void events.push(event));
  await group.ready;
  onTestFinished(async () => {
    await bus.close();
  });
  /** Waits for so many events, and gives them. */
  const next = async (count: number): Promise<readonly BusEvent[]> => {
    await vi.waitFor(
      () => {
        if (events.length < count) throw new Error(`${events.length} events of ${count}`);
      },
      { timeout: 10_000 },
    );
    return events.splice(0);
  };
  return { bus, next };
}
