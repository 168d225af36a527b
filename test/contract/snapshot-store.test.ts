import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { FileSnapshotStore, MemorySnapshotStore } from '../../src/storage/index.ts';
import { snapshotStoreContract, type SnapshotStoreUnderTest } from '../../src/testing/index.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

function run(name: string, open: () => Promise<SnapshotStoreUnderTest>): void {
  describe(`SnapshotStore contract: ${name}`, () => {
    for (const contract of snapshotStoreContract) test(contract.name, () => contract.run(open));
  });
}

run('MemorySnapshotStore', async () => ({
  store: new MemorySnapshotStore(),
  dispose: async () => undefined,
}));

run('FileSnapshotStore', async () => {
  const directory = await temporaryDirectory();
  const open = () => FileSnapshotStore.open({ directory, name: 'journal' });
  let store = await open();
  return {
    store,
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    async damage(seq) {
      const path = join(directory, `journal-snapshot-${String(seq).padStart(16, '0')}.jsonl`);
      await writeFile(path, (await readFile(path, 'utf8')).replace('"', "'"));
    },
    dispose: () => store.close(),
  };
});
