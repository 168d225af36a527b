import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'vitest';
import { PostgresStateStore } from '../../src/adapters/postgres/index.ts';
import { stateStoreContract } from '../../src/testing/index.ts';
import { postgresMissing } from '../support/postgres-server.ts';
import { postgresForFile } from './support/postgres-subject.ts';

describe.skipIf(postgresMissing !== undefined)(
  `StateStore contract: PostgresStateStore ${postgresMissing ?? ''}`,
  () => {
    const postgres = postgresForFile();
    let stores = 0;

    for (const contract of stateStoreContract)
      test(contract.name, { timeout: 30_000 }, () =>
        contract.run(async () => {
          const database = await postgres.open({ schema: 'shared' });
          const name = `state-${++stores}`;
          let store = new PostgresStateStore({ name }, { database });
          return {
            store,
            advance: (ms) => sleep(ms + 5),
            async reopen() {
              await store.close();
              store = new PostgresStateStore({ name }, { database });
              return store;
            },
            async dispose() {
              await store.close();
              await database.close();
            },
          };
        }),
      );
  },
);
