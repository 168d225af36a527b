import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { type LimitRecord, LimitRecordStore } from '../../../src/desk/limits/limit-record.ts';
import { ScriptedStateStore } from '../../support/state-stores.ts';
import { ANN, failure } from '../support/limit-world.ts';

const record: LimitRecord = {
  changeId: 'one',
  risk: { maxDailyLoss: '5' },
  execution: {},
  by: ANN,
  reason: 'review',
  atMs: 7,
  fileHash: 'ab',
};

const storeOf = (store: ConstructorParameters<typeof LimitRecordStore>[0]) =>
  new LimitRecordStore(store, new ManualClock(), 1_000);

test('reads what was written, whoever wrote it', async () => {
  const disk = new ScriptedStateStore();
  expect(await storeOf(disk).read()).toBeUndefined();
  await storeOf(disk).write(record);
  expect(await storeOf(disk).read()).toEqual(record);
});

test('writes over what it has read, and over nothing else', async () => {
  const disk = new ScriptedStateStore();
  const [first, second] = [storeOf(disk), storeOf(disk)];
  await Promise.all([first.read(), second.read()]);
  await first.write(record);
  expect(await failure(second.write({ ...record, changeId: 'two' }))).toMatchObject({
    code: 'LIMITS_CONFLICT',
    message: 'limits: changed meanwhile by ann: review',
  });
  expect(await failure(second.write({ ...record, changeId: 'two' }))).toMatchObject({
    code: 'LIMITS_CONFLICT',
  });
  await second.read();
  await second.write({ ...record, changeId: 'two' });
  expect(await first.read()).toMatchObject({ changeId: 'two' });
});

test('says so when what came between cannot be read', async () => {
  const disk = new ScriptedStateStore();
  const ours = storeOf(disk);
  await ours.read();
  await disk.set('limits', 'nonsense');
  expect(await failure(ours.write(record))).toMatchObject({
    code: 'LIMITS_CONFLICT',
    message: 'limits: changed meanwhile by somebody, and not to be read',
  });
});

test('gives up on a store that never takes it', async () => {
  let asked = 0;
  const store = storeOf({
    get: () =>
      Promise.resolve({
        key: 'limits',
        value: { version: 1, ...record } as never,
        version: 1,
        expiresAtMs: undefined,
      }),
    set: () => {
      asked += 1;
      return Promise.resolve({ outcome: 'conflict', version: 1 });
    },
  });
  expect(await failure(store.write(record))).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
  expect(asked).toBe(5);
});
