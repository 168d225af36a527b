import { expect, test } from 'vitest';
import { DeskWorld, idOf, intent } from '../support/desk-world.ts';

test('a strategy that repeats itself too often is stopped with the last order that may go: it goes, then the switch trips', async () => {
  const world = await DeskWorld.open({ risk: { repeatedExecution: { max: 2, windowMs: 60_000 } } });
  const { desk, driver, killSwitch } = world;
  await world.drained(desk.submit(intent({ intentId: 'first' })));
  const last = desk.submit(intent({ intentId: 'last' }));
  // In force before anything has been written or sent.
  expect(await desk.submit(intent({ intentId: 'more' }))).toMatchObject({
    denials: [{ code: 'REPEATED_EXECUTION' }],
  });
  expect(killSwitch.records()).toEqual([]);

  expect(await world.drained(last)).toMatchObject({ kind: 'accepted' });
  expect(driver.placed.map(({ clientOrderId }) => clientOrderId)).toEqual([idOf('first'), idOf('last')]);
  expect(killSwitch.records()).toMatchObject([
    { scope: { kind: 'strategy', id: 'strat' }, state: 'reducing', by: { id: 'repeated-execution' } },
  ]);
  expect(await desk.submit(intent({ intentId: 'more' }))).toMatchObject({
    denials: [{ code: 'KILL_SWITCH_REDUCING' }],
  });
  // What rests of it is cancelled by the trip, and stands behind its cause in the journal.
  expect(driver.cancels).toEqual([idOf('first'), idOf('last')]);
  expect(world.history).toEqual([
    'submitting',
    'accepted',
    'submitting',
    'accepted',
    'cancelRequested',
    'cancelRequested',
  ]);
});
