import { describe, test } from 'vitest';
import { PostgresAppendLog } from '../../src/adapters/postgres/index.ts';
import { appendLogContract, type AppendLogUnderTest } from '../../src/testing/index.ts';
import { postgresMissing } from '../support/postgres-server.ts';
import { SeverableProxy } from '../support/severable-proxy.ts';
import { postgresForFile } from './support/postgres-subject.ts';

describe.skipIf(postgresMissing !== undefined)(
  `AppendLog contract: PostgresAppendLog ${postgresMissing ?? ''}`,
  () => {
    const postgres = postgresForFile();
    let logs = 0;

    const open = async (): Promise<AppendLogUnderTest> => {
      const proxy = await SeverableProxy.open(postgres.server.port);
      const url = postgres.server.urlAt(proxy.port);
      const database = await postgres.open({ schema: 'shared', url, maxConnections: 2 });
      const name = `log-${++logs}`;
      const openLog = () => PostgresAppendLog.open({ name, maxBatch: 2, retryForMs: 0 }, { database });
      let log = await openLog();
      return {
        log,
        settle: () => undefined,
        breakMedium: () => proxy.cut(),
        async reopen() {
          await log.close();
          proxy.mend();
          log = await openLog();
          return log;
        },
        async dispose() {
          await log.close();
          await database.close();
          await proxy[Symbol.asyncDispose]();
        },
      };
    };

    for (const contract of appendLogContract) test(contract.name, () => contract.run(open));
  },
);
