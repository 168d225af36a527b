import { join } from 'node:path';
import { describe, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { MemoryStateStore, SqliteStateStore } from '../../src/storage/index.ts';
import { stateStoreContract, type StateStoreUnderTest } from '../../src/testing/index.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

const START_MS = Date.UTC(2026, 0, 2);

function run(name: string, open: () => Promise<StateStoreUnderTest>): void {
  describe(`StateStore contract: ${name}`, () => {
    for (const contract of stateStoreContract) test(contract.name, () => contract.run(open));
  });
}

run('MemoryStateStore', async () => {
  const clock = new ManualClock(START_MS);
  const store = new MemoryStateStore({ clock });
  return { store, advance: (ms) => clock.advance(ms), dispose: () => store.close() };
});

run('SqliteStateStore', async () => {
  const clock = new ManualClock(START_MS);
  const path = join(await temporaryDirectory(), 'state.db');
  let store = await SqliteStateStore.open({ path }, { clock });
  return {
    store,
    advance: (ms) => clock.advance(ms),
    async reopen() {
      await store.close();
      store = await SqliteStateStore.open({ path }, { clock });
      return store;
    },
    dispose: () => store.close(),
  };
});
