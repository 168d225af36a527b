import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { AuditKeeper, FileAuditSink, headSigner, verifyAudit } from '../../src/audit/index.ts';
import { newSigningKeys, SystemClock } from '../../src/core/index.ts';
import { DataDirectory } from '../../src/storage/index.ts';
import { portcullis } from '../cli/support/data.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

const CHILD = fileURLToPath(new URL('audit-children/ship.ts', import.meta.url));
const keys = newSigningKeys();
const clock = new SystemClock();

/** Lets a process record and ship until it has shipped so many batches, then kills it; the last record it told of. */
async function shipAndKill(data: string, archive: string, batches: number, slowMs: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, data, archive, keys.privateKey, String(slowMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    told += chunk.toString();
    if (told.split('shipped\n').length > batches && !child.killed) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return Math.max(0, ...told.split('\n').map(Number).filter(Number.isFinite));
}

async function held(path: string) {
  const directory = await DataDirectory.open(path, { clock });
  const log = await directory.openLog('audit');
  const verdict = await verifyAudit(log);
  const hashes: string[] = [];
  for await (const { record } of log.read()) hashes.push((record as { hash: string }).hash);
  await directory.close();
  return { verdict, hashes };
}

describe('a process killed between shipping and writing its position', () => {
  test('loses no record and ships none differently, however often', async () => {
    const root = await temporaryDirectory();
    const [data, archive] = [join(root, 'data'), join(root, 'archive')];
    let acknowledged = 0;
    for (const [batches, slowMs] of [
      [1, 60_000],
      [5, 1],
      [1, 60_000],
    ] as const) {
      acknowledged = await shipAndKill(data, archive, batches, slowMs);
      const log = await held(data);
      const copy = await held(archive);
      expect(log.verdict).toMatchObject({ ok: true });
      expect(log.hashes.length).toBeGreaterThanOrEqual(acknowledged);
      expect(copy.hashes.length).toBeGreaterThan(0);
      expect(copy.hashes).toEqual(log.hashes.slice(0, copy.hashes.length));
    }

    const directory = await DataDirectory.open(data, { clock });
    const audit = await AuditKeeper.open(
      {},
      {
        log: await directory.openLog('audit'),
        clock,
        store: await directory.openStore('state'),
        signer: headSigner(keys.privateKey),
        sinks: [new FileAuditSink({ directory: archive }, { clock })],
      },
    );
    const report = await audit.close();
    await directory.close();
    expect(report).toMatchObject({ lastSigned: { seq: report.head.seq - 1 }, sinks: [{ unshipped: 0 }] });
    const log = await held(data);
    expect(await held(archive)).toEqual(log);
    expect(log.hashes.length).toBeGreaterThan(acknowledged);
  });
});

describe('an archive', () => {
  test('proves on the command line that the log was cut off', async () => {
    const root = await temporaryDirectory();
    const [data, archive] = [join(root, 'data'), join(root, 'archive')];
    await shipAndKill(data, archive, 3, 1);
    const [key, head] = [join(root, 'desk.pub'), join(root, 'head.json')];
    await writeFile(key, keys.publicKey);
    const kept = await portcullis('audit', 'head', archive);
    expect(kept).toMatchObject({ code: 0, err: [] });
    await writeFile(head, kept.out.join('\n'));
    const verify = ['audit', 'verify', data, '--public-key', key, '--head', head];
    expect(await portcullis(...verify)).toMatchObject({ code: 0 });

    const segments = (await readdir(data)).filter((file) => /^audit-\d+\.jsonl$/.test(file)).sort();
    for (const file of segments.slice(1)) await rm(join(data, file));
    await writeFile(join(data, 'audit-00000001.jsonl'), '');
    const { code, out } = await portcullis(...verify);
    expect(code).toBe(1);
    expect(out).toEqual([expect.stringMatching(/expected \d+ records, got 0: the end was cut off$/)]);
  });
});
