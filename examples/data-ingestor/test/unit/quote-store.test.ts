import { MemoryAppendLog } from 'portcullis/storage';
import { ScriptedAppendLog } from 'portcullis/testing';
import { expect, test } from 'vitest';
import { QuoteStore } from '../../quote-store.ts';

const quote = { instrumentId: 'BTC-USD', bid: '100.00', ask: '100.25', atMs: 1 };

test('what was written before is there again, the newest of each instrument', async () => {
  const log = new MemoryAppendLog();
  const store = await QuoteStore.open(() => Promise.resolve(log), 1000);
  await store.append([quote, { ...quote, instrumentId: 'ETH-USD' }, { ...quote, atMs: 2 }]);
  const again = await QuoteStore.open(() => Promise.resolve(log), 1000);
  expect([...(await again.last()).values()]).toEqual([
    { ...quote, atMs: 2 },
    { ...quote, instrumentId: 'ETH-USD' },
  ]);
});

test('a disk that refuses shows in its health until the log was opened anew', async () => {
  const broken = new ScriptedAppendLog();
  const logs = [broken, new MemoryAppendLog()];
  const store = await QuoteStore.open(() => Promise.resolve(logs.shift() ?? broken), 1000);
  expect(store.check()).toBe(true);
  const written = store.append([quote]);
  broken.fail(new Error('no room'));
  await expect(written).rejects.toThrow('no room');
  expect(store.check()).toMatch(/no room/);
  await store.reopen();
  await store.append([quote]);
  expect([store.check(), await store.last()]).toEqual([true, new Map([['BTC-USD', quote]])]);
});
