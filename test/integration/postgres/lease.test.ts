import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresServer, postgresMissing } from '../../support/postgres-server.ts';
import { Contenders } from '../storage/support/contenders.ts';
import { leaseCases } from '../storage/support/lease-cases.ts';

describe.skipIf(postgresMissing !== undefined)(`a lease over PostgreSQL ${postgresMissing ?? ''}`, () => {
  let server: PostgresServer;
  let contenders: Contenders;

  beforeAll(async () => {
    server = await PostgresServer.start();
    contenders = new Contenders('postgres', server.url);
  });

  afterAll(async () => {
    await contenders[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  leaseCases(() => contenders);

  test('whose server is killed for longer than its time: never two, and somebody has it again', async () => {
    const contest = await contenders.contend();
    const before = await contest.holder();
    await server.stop('kill');
    await contest.said(before.member.owner, ['lost'], before.token);
    await server.start();
    const after = await contest.holder(before.token);
    expect(after.token).toBeGreaterThan(before.token);
    contest.expectOneAtATime();
  });
});
