import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { Contenders } from '../storage/support/contenders.ts';
import { leaseCases } from '../storage/support/lease-cases.ts';

describe.skipIf(redisMissing !== undefined)(`a lease over Redis ${redisMissing ?? ''}`, () => {
  let server: RedisServer;
  let contenders: Contenders;

  beforeAll(async () => {
    server = await RedisServer.start();
    contenders = new Contenders('redis', server.url);
  });

  afterAll(async () => {
    await contenders[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  leaseCases(() => contenders);

  test('whose server has lost it all while it was held: never two, and somebody has it again', async () => {
    const contest = await contenders.contend();
    const before = await contest.holder();
    await server.restartEmpty();
    const after = await contest.holder(before.token);
    expect(after.token).toBeGreaterThan(before.token);
    contest.expectOneAtATime();
  });
});
