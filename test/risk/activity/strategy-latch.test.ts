import { describe, expect, test } from 'vitest';
import { type LatchSwitch, StrategyLatch } from '../../../src/risk/activity/strategy-latch.ts';
import { heldOf } from '../../support/orders.ts';

const first = heldOf({ intentId: 'first' });
const second = heldOf({ intentId: 'second' });
const accepted = ({ clientOrderId }: typeof first) => ({ type: 'accepted', clientOrderId }) as const;
const settled = async (): Promise<void> => {
  for (let n = 0; n < 3; n += 1) await Promise.resolve();
};

/** A switch that writes down what it is asked for. */
function asked() {
  const trips: unknown[] = [];
  const trip: LatchSwitch['trip'] = (order) => {
    trips.push(order);
    return new Promise(() => undefined);
  };
  return { trips, latch: new StrategyLatch({ trip }) };
}

describe('StrategyLatch', () => {
  test('stays as it was closed first', () => {
    const { latch } = asked();
    latch.close(first, 'one too many');
    latch.close(second, 'another');
    expect([latch.why('strat'), latch.why('calm')]).toEqual(['one too many', undefined]);
  });

  test('trips once for what closed it, and opens', async () => {
    const { latch, trips } = asked();
    latch.close(first, 'one too many');
    latch.happened(accepted(first), first);
    latch.happened(accepted(first), first);
    expect([trips, latch.why('strat')]).toEqual([[], 'one too many']);
    await settled();
    expect([trips, latch.why('strat')]).toEqual([
      [
        expect.objectContaining({
          scope: { kind: 'strategy', id: 'strat' },
          to: 'reducing',
          reason: 'one too many',
        }),
      ],
      undefined,
    ]);
  });

  test('trips for nothing else', async () => {
    const { latch, trips } = asked();
    latch.close(first, 'one too many');
    latch.happened(accepted(second), second);
    await settled();
    expect([trips, latch.why('strat')]).toEqual([[], 'one too many']);
  });

  test('without a switch that can be tripped stays closed, whatever happens', async () => {
    const latch = new StrategyLatch({});
    latch.close(first, 'one too many');
    latch.happened(accepted(first), first);
    await settled();
    expect(latch.why('strat')).toBe('one too many');
  });
});
