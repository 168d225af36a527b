import { describe, expect, test } from 'vitest';
import { InFlight } from '../../../src/service/http/in-flight.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';

describe('InFlight', () => {
  test('counts a request once, however many hold it, until the last lets go', () => {
    const inFlight = new InFlight(new MetricsRegistry());
    const held = inFlight.begin();
    const [reply, handler] = [held.hold(), held.hold()];
    inFlight.begin().hold();
    expect(inFlight.count).toBe(2);
    reply();
    expect(inFlight.count).toBe(2);
    handler();
    expect(inFlight.count).toBe(1);
  });

  test('takes letting go twice for once', () => {
    const inFlight = new InFlight(new MetricsRegistry());
    const held = inFlight.begin();
    const [reply, handler] = [held.hold(), held.hold()];
    reply();
    reply();
    expect(inFlight.count).toBe(1);
    handler();
    expect(inFlight.count).toBe(0);
  });

  test('counts a handler that begins after its client has left', () => {
    const inFlight = new InFlight(new MetricsRegistry());
    const held = inFlight.begin();
    held.hold()();
    expect(inFlight.count).toBe(0);
    held.hold();
    expect(inFlight.count).toBe(1);
  });

  test('is idle at once without a request, and otherwise with the end of the last', async () => {
    const inFlight = new InFlight(new MetricsRegistry());
    await inFlight.idle();
    const [first, second] = [inFlight.begin().hold(), inFlight.begin().hold()];
    let isIdle = false;
    const idle = inFlight.idle().then(() => (isIdle = true));
    first();
    await Promise.resolve();
    expect(isIdle).toBe(false);
    second();
    await idle;
    expect(isIdle).toBe(true);
  });
});
