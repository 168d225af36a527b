import { describe, test } from 'vitest';
import { PostgresSnapshotStore } from '../../src/adapters/postgres/index.ts';
import { snapshotStoreContract } from '../../src/testing/index.ts';
import { postgresMissing } from '../support/postgres-server.ts';
import { postgresForFile } from './support/postgres-subject.ts';

describe.skipIf(postgresMissing !== undefined)(
  `SnapshotStore contract: PostgresSnapshotStore ${postgresMissing ?? ''}`,
  () => {
    const postgres = postgresForFile();
    let stores = 0;

    for (const contract of snapshotStoreContract)
      test(contract.name, () =>
        contract.run(async () => {
          const database = await postgres.open({ schema: 'shared' });
          const name = `log-${++stores}`;
          return {
            store: new PostgresSnapshotStore({ name }, { database }),
            reopen: async () => new PostgresSnapshotStore({ name }, { database }),
            async damage(seq) {
              await database.query(
                `UPDATE $schema.snapshot_parts SET lines = replace(lines, '"', '''') WHERE snapshot_id =
                   (SELECT snapshot_id FROM $schema.snapshots WHERE name = $1 AND seq = $2)`,
                [name, seq],
              );
            },
            dispose: () => database.close(),
          };
        }),
      );
  },
);
