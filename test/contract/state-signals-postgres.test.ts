import { describe, test, vi } from 'vitest';
import { PostgresStateSignals } from '../../src/adapters/postgres/index.ts';
import { stateSignalsContract } from '../../src/testing/index.ts';
import { postgresMissing } from '../support/postgres-server.ts';
import { SeverableProxy } from '../support/severable-proxy.ts';
import { postgresForFile } from './support/postgres-subject.ts';

describe.skipIf(postgresMissing !== undefined)(
  `StateSignals contract: PostgresStateSignals ${postgresMissing ?? ''}`,
  () => {
    const postgres = postgresForFile();

    for (const contract of stateSignalsContract)
      test(contract.name, { timeout: 30_000 }, () =>
        contract.run(async () => {
          const schema = postgres.newSchema();
          const proxy = await SeverableProxy.open(postgres.server.port);
          const far = await postgres.open({ schema, url: postgres.server.urlAt(proxy.port) });
          const near = await postgres.open({ schema });
          const signals = PostgresStateSignals.open({}, { database: far });
          const other = PostgresStateSignals.open({}, { database: near });
          const listening = () =>
            vi.waitFor(() => {
              if (!signals.isListening || !other.isListening) throw new Error('not listening yet');
            }, 20_000);
          await listening();
          return {
            signals,
            other,
            async interrupt() {
              proxy.cut();
              await vi.waitFor(() => {
                if (signals.isListening) throw new Error('still listening');
              }, 20_000);
              proxy.mend();
              await listening();
            },
            async dispose() {
              await signals.close();
              await other.close();
              await far.close();
              await near.close();
              await proxy[Symbol.asyncDispose]();
            },
          };
        }),
      );
  },
);
