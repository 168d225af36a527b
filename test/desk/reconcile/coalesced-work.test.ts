import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { CoalescedWork } from '../../../src/desk/reconcile/coalesced-work.ts';

/** Work that takes until it is told. */
function slow() {
  const runs: PromiseWithResolvers<undefined>[] = [];
  const work = new CoalescedWork(async () => {
    const run = Promise.withResolvers<undefined>();
    runs.push(run);
    await run.promise;
  });
  return { runs, work };
}

test('what is asked for meanwhile is one more, after the first', async () => {
  const { runs, work } = slow();
  const first = work.ask();
  await Promise.all([work.ask(), work.ask(), work.ask()]);
  expect(runs).toHaveLength(1);
  runs[0]?.resolve(undefined);
  await new ManualClock().turn();
  expect(runs).toHaveLength(2);
  runs[1]?.resolve(undefined);
  await first;
  expect(runs).toHaveLength(2);
});

test('what is asked for afterwards is done anew', async () => {
  const { runs, work } = slow();
  for (const at of [0, 1]) {
    const asked = work.ask();
    runs[at]?.resolve(undefined);
    await asked;
  }
  expect(runs).toHaveLength(2);
});

test('work that fails is told to the one that waits, and can be asked for again', async () => {
  const { runs, work } = slow();
  const first = work.ask();
  runs[0]?.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  void work.ask();
  expect(runs).toHaveLength(2);
});
