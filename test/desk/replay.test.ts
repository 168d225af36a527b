import { describe, expect, test } from 'vitest';
import { person } from '../../src/core/index.ts';
import { intent } from '../support/desk-world.ts';
import { auditedWorld, recordsIn, replayAll } from '../support/replay-world.ts';

const SAME = { kind: 'same', notes: [] };

describe('a verdict on record, made again', () => {
  test('is the same: an entry, its repetition, another order under its id, an exit', async () => {
    const { world, log } = await auditedWorld();
    await world.position('10');
    await world.desk.submit(intent({ intentId: 'entry-GOLD', quantity: '10' }));
    await world.desk.submit(intent({ intentId: 'entry-GOLD', quantity: '11' }));
    await world.drained(world.desk.submit(intent({ intentId: 'exit', side: 'sell', quantity: '4' })));
    expect(replayAll(await recordsIn(log))).toEqual([SAME, SAME, SAME, SAME]);
  });

  test('is the same: what was reduced, and what no gate lets through', async () => {
    const { world, log } = await auditedWorld({ risk: { maxTotalExposure: '1500' } });
    await world.drained(world.desk.submit(intent({ intentId: 'a', quantity: '10' })));
    await world.drained(world.desk.submit(intent({ intentId: 'b', quantity: '10' })));
    await world.drained(world.desk.submit(intent({ intentId: 'c', quantity: '90' })));
    await world.killSwitch.trip({ to: 'reducing', reason: 'lunch', by: person('ada') });
    await world.drained(world.desk.submit(intent({ intentId: 'd', quantity: '1' })));
    const records = await recordsIn(log);
    expect(
      records.filter(({ kind }) => kind === 'order.decided').map(({ details }) => details),
    ).toMatchObject([
      { decision: 'held', quantity: 10 },
      { decision: 'held', quantity: 5 },
      { decision: 'denied' },
      { decision: 'denied' },
    ]);
    expect(replayAll(records)).toEqual([SAME, SAME, SAME, SAME]);
  });
});
