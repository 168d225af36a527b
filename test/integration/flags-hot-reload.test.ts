import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FirstMatchStrategy, MultiProvider } from '@openfeature/server-sdk';
import { describe, expect, test, vi } from 'vitest';
import { AuditLog, verifyAudit } from '../../src/audit/index.ts';
import { person, SystemClock } from '../../src/core/index.ts';
import {
  EnvFlagProvider,
  FileFlagProvider,
  FlagControl,
  FlagMetrics,
  openFlags,
} from '../../src/service/index.ts';
import { FileAppendLog } from '../../src/storage/index.ts';
import { MetricsRegistry } from '../../src/telemetry/index.ts';
import { fileText, OFF, ON, privateDirectory } from '../service/flags/support.ts';

describe('flags on a disk', () => {
  test('a file replaced under a running client counts within a few polls, and the audit chain tells the whole story', async () => {
    const directory = await privateDirectory();
    const path = join(directory, 'flags.json');
    await writeFile(path, fileText({ x: OFF, y: OFF }));
    const clock = new SystemClock();
    const log = await FileAppendLog.open({ directory, name: 'audit' });
    const audit = await AuditLog.open(log, { clock });
    const registry = new MetricsRegistry();
    const provider = new FileFlagProvider({ path, pollMs: 10 }, { clock, audit });
    const { client, close } = await openFlags('quotes', provider, { metrics: new FlagMetrics(registry) });

    await writeFile(`${path}.new`, fileText({ x: ON, y: OFF }));
    await rename(`${path}.new`, path);
    await vi.waitFor(async () => expect(await client.getBooleanValue('x', false)).toBe(true), {
      timeout: 5000,
    });
    await new FlagControl({ flags: provider }).set('y', true, person('ada'), 'follow x');
    expect(await client.getBooleanValue('y', false)).toBe(true);
    expect(await registry.exposition()).toContain('trading_flag_enabled{flag="y"} 1');
    await close();

    expect(await verifyAudit(log)).toMatchObject({ ok: true, records: 2 });
    const authors: unknown[] = [];
    for await (const { record } of log.read()) authors.push((record as { by: unknown }).by);
    expect(authors).toEqual([
      { kind: 'system', id: 'file' },
      { kind: 'person', id: 'ada' },
    ]);
    await log.close();
  });

  test('a half-written file is never taken in', async () => {
    const path = join(await privateDirectory(), 'flags.json');
    await writeFile(path, fileText({ x: ON }));
    const audit = { record: () => Promise.resolve() };
    const provider = new FileFlagProvider({ path, pollMs: 10 }, { clock: new SystemClock(), audit });
    const { client, close } = await openFlags('quotes', provider);
    await writeFile(path, fileText({ x: OFF }).slice(0, 20));
    await vi.waitFor(() => expect(provider.fault).toBeDefined(), { timeout: 5000 });
    expect(await client.getBooleanValue('x', false)).toBe(true);
    await writeFile(path, fileText({ x: OFF }));
    await vi.waitFor(async () => expect(await client.getBooleanValue('x', true)).toBe(false), {
      timeout: 5000,
    });
    await close();
  });

  test('the environment goes before the file in a MultiProvider', async () => {
    const path = join(await privateDirectory(), 'flags.json');
    await writeFile(path, fileText({ x: ON, y: ON }));
    const file = new FileFlagProvider(
      { path },
      { clock: new SystemClock(), audit: { record: () => Promise.resolve() } },
    );
    const env = new EnvFlagProvider({ env: { FLAG_X: 'off' } });
    const both = new MultiProvider([{ provider: env }, { provider: file }], new FirstMatchStrategy());
    const { client, close } = await openFlags('quotes', both);
    expect([await client.getBooleanValue('x', true), await client.getBooleanValue('y', false)]).toEqual([
      false,
      true,
    ]);
    await close();
  });
});
