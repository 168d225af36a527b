import { describe, expect, test } from 'vitest';
import type { LogHead } from '../../../src/adapters/postgres/log-table.ts';
import { LogWriter } from '../../../src/adapters/postgres/log-writer.ts';
import { silentLogger } from '../../../src/telemetry/index.ts';
import { type Fate, LogServer, PassingClock } from './support/log-server.ts';

async function setUp(fates: Fate[] = [], retryForMs = 10_000) {
  const server = new LogServer();
  const clock = new PassingClock();
  const head = (await server.take('me')) as LogHead;
  const connect: Fate[] = [];
  const writer = new LogWriter(
    { name: 'journal', retryForMs },
    {
      clock,
      logger: silentLogger,
      random: () => 0.5,
      asking: () => {
        if (connect.shift() === 'lost') server.fates.unshift('lost');
        return Promise.resolve(server.ask);
      },
    },
    head,
  );
  server.asked.length = 0;
  server.fates = fates;
  return { server, clock, writer, connect };
}

describe('LogWriter', () => {
  test('writes a batch in one statement, and the next one after it', async () => {
    const { server, writer } = await setUp();
    await writer.write(['"a"', '"b"']);
    await writer.write(['"c"']);
    expect(server.texts).toEqual(['"a"', '"b"', '"c"']);
    expect(server.asked).toEqual(['WITH', 'WITH']);
    expect(writer.lastSeq).toBe(3);
  });

  test.each<{ fates: Fate[]; asked: string[] }>([
    { fates: ['lost'], asked: ['WITH', 'UPDATE', 'WITH'] },
    { fates: ['answer lost'], asked: ['WITH', 'UPDATE'] },
    { fates: ['not now'], asked: ['WITH', 'UPDATE', 'WITH'] },
    { fates: ['lost', 'lost'], asked: ['WITH', 'UPDATE', 'UPDATE', 'WITH'] },
    { fates: ['lost', 'answered', 'answer lost'], asked: ['WITH', 'UPDATE', 'WITH', 'UPDATE'] },
    { fates: ['answer lost', 'answer lost'], asked: ['WITH', 'UPDATE', 'UPDATE'] },
    { fates: ['late', 'lost'], asked: ['WITH', 'UPDATE', 'UPDATE', 'WITH', 'UPDATE'] },
    { fates: ['late', 'lost', 'lost'], asked: ['WITH', 'UPDATE', 'UPDATE', 'UPDATE'] },
  ])('writes each record once when a statement is $fates', async ({ fates, asked }) => {
    const { server, writer } = await setUp([...fates]);
    await writer.write(['"a"', '"b"']);
    expect({ texts: server.texts, asked: server.asked, lastSeq: writer.lastSeq }).toEqual({
      texts: ['"a"', '"b"'],
      asked,
      lastSeq: 2,
    });
    await writer.write(['"c"']);
    expect(server.texts).toEqual(['"a"', '"b"', '"c"']);
  });

  test('what came through late, after it had looked, is not written again', async () => {
    const { server, writer } = await setUp(['answered', 'late']);
    await writer.write(['"0"']);
    // 'late' is done after the look, since the number of statements is odd then.
    await writer.write(['"a"']);
    expect(server.texts).toEqual(['"0"', '"a"']);
    expect(server.asked).toEqual(['WITH', 'WITH', 'UPDATE', 'WITH', 'UPDATE']);
  });

  test('gives up after retryForMs, with what went wrong last', async () => {
    const { writer, clock, server } = await setUp([], 10_000);
    server.fates = Array.from({ length: 1000 }, (): Fate => 'lost');
    await expect(writer.write(['"a"'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(clock.monotonicMs()).toBe(10_000);
  });

  test('tries once when retryForMs is 0', async () => {
    const { writer, server } = await setUp(['lost'], 0);
    await expect(writer.write(['"a"'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(server.asked).toEqual(['WITH']);
  });

  test('does not repeat what the server will never take', async () => {
    const { writer, server } = await setUp(['never']);
    await expect(writer.write(['"a"'])).rejects.toMatchObject({ details: { sqlState: '42P01' } });
    expect(server.asked).toEqual(['WITH']);
  });

  test('is fenced by another owner, and writes nothing', async () => {
    const { writer, server } = await setUp();
    await server.take('another');
    await expect(writer.write(['"a"'])).rejects.toMatchObject({ code: 'LOG_FENCED', retryable: false });
    expect(server.texts).toEqual([]);
  });

  test('is fenced also when it was the answer that got lost, and its records are there', async () => {
    const { writer, server } = await setUp(['answer lost', 'answered']);
    const written = writer.write(['"a"']);
    server.fates.splice(1, 0, 'lost');
    await server.take('another').catch(() => undefined);
    server.head = { ...server.head, owner: 'another' };
    await expect(written).rejects.toMatchObject({ code: 'LOG_FENCED' });
  });

  test('refuses a server that has lost what it had acknowledged', async () => {
    const { writer, server } = await setUp();
    await writer.write(['"a"', '"b"']);
    server.records.delete(2);
    server.head = { ...server.head, lastSeq: 1 };
    await expect(writer.write(['"c"'])).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
    expect(server.texts).toEqual(['"a"']);
  });

  test('refuses a log that is another one of the same name', async () => {
    const { writer, server } = await setUp(['lost']);
    server.head = { ...server.head, logId: 2 };
    await expect(writer.write(['"c"'])).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
  });
});
