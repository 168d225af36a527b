import assert from 'node:assert/strict';
import { SystemClock } from '../../core/clock.ts';
import type { EventBus } from '../../events/event-bus.ts';
import { idempotentHandler } from '../../events/idempotent-handler.ts';
import { MemoryStateStore } from '../../storage/memory-state-store.ts';
import { tickSeen } from './contract-events.ts';
import { Gate, Recorder, SOON, busCase, upTo } from './recorder.ts';

const publishAll = (bus: EventBus, instrument: string, numbers: readonly number[]) =>
  Promise.all(numbers.map((n) => bus.publish(tickSeen, { instrument, n })));

/** A handler that remembers what it has done, on a bus that delivers at least once. */
export const idempotentCases = [
  busCase('does an idempotent handler once for each event, whoever dies', async ({ bus, crash }, t) => {
    if (crash === undefined) return;
    const store = new MemoryStateStore({ clock: new SystemClock() });
    const effects: number[] = [];
    const gate = new Gate();
    const join = async (on: EventBus) => {
      const effect = new Recorder(({ event }) => {
        effects.push(event.data.n);
      });
      const handler = idempotentHandler(effect.handler, { store, name: 'booking' });
      const recorder = new Recorder(async ({ event, delivery }) => {
        await handler(event, delivery);
        // Done, and not acknowledged yet.
        if (event.data.n === 10 && on === bus) await gate.opened;
      });
      await on.subscribe('readers', '*', recorder.handler, SOON).ready;
      return recorder;
    };
    await join(bus);
    await publishAll(bus, 'A', upTo(20));
    await t.until(() => effects.includes(10), 'half of the events');
    await t.quiet();
    const after = await crash();
    const second = await join(after);
    await t.until(() => second.done.includes('A 20'), 'all events');
    gate.open();
    assert.deepEqual(effects, upTo(20));
    assert.ok(second.numbers.includes(10));
  }),
];
