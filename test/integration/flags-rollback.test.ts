import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AuditLog, verifyAudit } from '../../src/audit/index.ts';
import { person, SystemClock } from '../../src/core/index.ts';
import {
  FileFlagProvider,
  FlagControl,
  flipFlag,
  isSigned,
  openFlags,
  postWebhook,
  type RollbackAction,
  RollbackWatch,
  SIGNATURE_HEADER,
  type WebhookOptions,
} from '../../src/service/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { fileText, ON, privateDirectory } from '../service/flags/support.ts';
import { TurnedStats, trigger } from '../service/rollback/support.ts';

const SECRET = 'correct-horse-battery';

interface Received {
  readonly body: string;
  readonly signature: string;
}

/** A receiver on a free port that answers each request as told, and keeps what it got. */
async function receiver(answer: (response: ServerResponse, nth: number) => void) {
  const received: Received[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ body, signature: String(request.headers[SIGNATURE_HEADER]) });
      answer(response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end('x');

/** Watches counters that go bad at once, with these actions. */
async function fire(actions: readonly RollbackAction[], audit: AuditLog) {
  const clock = new SystemClock();
  const stats = new TurnedStats();
  const watch = new RollbackWatch(
    { version: '1.4.0', triggers: [trigger({ failures: 1, of: 1 })], warmUpMs: 0 },
    { clock, stats, audit, actions },
  );
  await watch.check();
  stats.add(100, 50);
  return (await watch.check())[0];
}

const newAudit = async (log = new MemoryAppendLog()): Promise<AuditLog> =>
  AuditLog.open(log, { clock: new SystemClock() });

const webhook = (url: string, options: WebhookOptions = {}): RollbackAction =>
  postWebhook({ backoffMs: 5, ...options }, { clock: new SystemClock(), url, secret: SECRET });

describe('a rollback over a real socket', () => {
  test('arrives signed, once', async () => {
    const { received, url } = await receiver(status(200));
    const report = await fire([webhook(url)], await newAudit());
    expect(report?.outcomes).toEqual([expect.objectContaining({ outcome: 'done' })]);
    expect(received).toHaveLength(1);
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
      event: 'rollback.fired',
      trigger: 'errors',
      version: '1.4.0',
      verdict: { verdict: 'fail', measured: 0.5, allowed: 0.05 },
    });
    const { signature: header = '', body = '' } = received[0] ?? {};
    expect(isSigned({ header, body, secret: SECRET }, new SystemClock().nowMs())).toBe(true);
  });

  test('is repeated after 500 until it is taken', async () => {
    const { received, url } = await receiver((response, nth) => status(nth < 3 ? 500 : 204)(response));
    const report = await fire([webhook(url)], await newAudit());
    expect(report?.outcomes).toEqual([expect.objectContaining({ outcome: 'done' })]);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(received).toHaveLength(3);
  });

  test('is given up after 500 for ever', async () => {
    const { received, url } = await receiver(status(500));
    const report = await fire([webhook(url, { retries: 1 })], await newAudit());
    expect(report?.outcomes[0]).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('answer 500, after 2 of 2 attempts') as string,
    });
    expect(received).toHaveLength(2);
  });

  test('does not wait for a receiver that hangs', async () => {
    const { received, url } = await receiver((response, nth) => {
      if (nth >= 2) status(200)(response);
    });
    const report = await fire([webhook(url, { timeoutMs: 500 })], await newAudit());
    expect(report?.outcomes).toEqual([expect.objectContaining({ outcome: 'done' })]);
    expect(received).toHaveLength(2);
  });

  test('does not follow a redirect, which would show the report to someone else', async () => {
    const other = await receiver(status(200));
    const { url } = await receiver((response) => void response.writeHead(307, { location: other.url }).end());
    const report = await fire([webhook(url)], await newAudit());
    expect(report?.outcomes[0]).toMatchObject({ outcome: 'failed' });
    expect(other.received).toEqual([]);
  });

  test('fails where nobody listens', async () => {
    const report = await fire([webhook('http://127.0.0.1:1/hook', { retries: 1 })], await newAudit());
    expect(report?.outcomes[0]).toMatchObject({
      outcome: 'failed',
      error: expect.stringMatching(/after 2 of 2 attempts/) as string,
    });
  });

  test('flips the flag even though the webhook is dead, and the audit chain tells the whole story', async () => {
    const path = join(await privateDirectory(), 'flags.json');
    await writeFile(path, fileText({ 'new-router': ON }));
    const log = new MemoryAppendLog();
    const audit = await newAudit(log);
    const provider = new FileFlagProvider({ path }, { clock: new SystemClock(), audit });
    const { client, close } = await openFlags('quotes', provider);
    const control = new FlagControl({ flags: provider });
    expect(await client.getBooleanValue('new-router', false)).toBe(true);

    const report = await fire(
      [
        webhook('http://127.0.0.1:1/hook', { retries: 0 }),
        flipFlag({ flag: 'new-router', value: false }, { control }),
      ],
      audit,
    );
    expect(report?.outcomes.map(({ outcome }) => outcome)).toEqual(['failed', 'done']);
    expect(await client.getBooleanValue('new-router', true)).toBe(false);
    await control.unset('new-router', person('ada'), 'repaired in 1.4.1');
    expect(await client.getBooleanValue('new-router', false)).toBe(true);
    await close();

    expect(await verifyAudit(log)).toMatchObject({ ok: true, records: 4 });
    const story: unknown[] = [];
    for await (const { record } of log.read()) {
      const { kind, by } = record as { kind: string; by: { id: string } };
      story.push([kind, by.id]);
    }
    expect(story).toEqual([
      ['rollback.fired', 'rollback/errors'],
      ['flags.changed', 'rollback/errors'],
      ['rollback.acted', 'rollback/errors'],
      ['flags.changed', 'ada'],
    ]);
  });
});
