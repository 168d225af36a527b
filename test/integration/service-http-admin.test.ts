import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { AuditEvent } from '../../src/audit/index.ts';
import { person } from '../../src/core/index.ts';
import {
  type Authenticator,
  type ServiceOptions,
  type ServicePorts,
  adminApi,
  createClient,
  createService,
  secret,
} from '../../src/service/index.ts';
import { silentLogger } from '../../src/telemetry/index.ts';

const BY_ANNA = { authorization: 'Bearer anna' };
const authenticator: Authenticator = {
  authenticate: ({ headers }) =>
    headers['authorization'] === BY_ANNA.authorization ? person('anna') : undefined,
};
const PATHS = Object.values(adminApi).map(({ method, path }) => [method, path] as const);
const config = z.strictObject({ apiKey: secret() });

async function started(options: Partial<ServiceOptions> = {}, ports: ServicePorts = {}) {
  const events: AuditEvent[] = [];
  const service = createService(
    { name: 'quotes', logLevel: 'error', config, ...options },
    {
      env: { QUOTES_API_KEY: 'env:EXCHANGE_KEY', EXCHANGE_KEY: 'hunter2' },
      audit: { record: async (event) => void events.push(event) },
      ...ports,
    },
  );
  onTestFinished(async () => {
    await service.stop();
  });
  await service.start();
  const changes = () => events.filter(({ kind }) => !kind.startsWith('service.'));
  return { service, changes };
}

const statuses = (base: string): Promise<number[]> =>
  Promise.all(
    PATHS.map(async ([method, path]) => {
      const body = method === 'PUT' ? JSON.stringify({ level: 'debug', reason: 'x' }) : undefined;
      const headers = { ...BY_ANNA, 'content-type': 'application/json' };
      const answer = await fetch(`${base}${path}`, { method, headers, ...(body !== undefined && { body }) });
      return answer.status;
    }),
  );
const NONE = PATHS.map(() => 404);

describe('what operators may ask', () => {
  test('is answered on their listener: configuration without secrets, level of the log', async () => {
    const { service, changes } = await started({ adminPort: 0 }, { authenticator });
    const admin = createClient(adminApi, { baseUrl: service.adminAddress, headers: BY_ANNA });
    const { lines } = await admin.explainConfig();
    expect(lines).toContainEqual({
      path: 'apiKey',
      value: '[redacted]',
      source: 'environment QUOTES_API_KEY',
      overrode: [],
      reference: 'env:EXCHANGE_KEY',
    });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(await admin.getLogLevel()).toEqual({ level: 'error' });
    expect(await admin.setLogLevel({ body: { level: 'warn', reason: 'to see more' } })).toEqual({
      level: 'warn',
    });
    expect(await admin.getLogLevel()).toEqual({ level: 'warn' });
    expect(changes()).toEqual([
      { kind: 'log-level.changed', by: person('anna'), reason: 'to see more', from: 'error', to: 'warn' },
    ]);
  });

  test('flags are changed in their file, and each change is on record', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'admin-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const flagsFile = join(directory, 'flags.json');
    await writeFile(
      flagsFile,
      JSON.stringify({ flags: { 'new-router': { type: 'boolean', default: false } } }),
    );
    const { service, changes } = await started({ adminPort: 0, flagsFile }, { authenticator });
    const admin = createClient(adminApi, { baseUrl: service.adminAddress, headers: BY_ANNA });
    expect(await service.flags.getBooleanValue('new-router', false)).toBe(false);
    await admin.setFlag({ params: { flag: 'new-router' }, body: { value: true, reason: 'tested' } });
    expect(await service.flags.getBooleanValue('new-router', false)).toBe(true);
    expect(await readFile(flagsFile, 'utf8')).toContain('"pinned": true');
    expect((await admin.listFlags()).flags['new-router']).toMatchObject({ pinned: true });
    expect(changes()).toEqual([
      expect.objectContaining({ kind: 'flags.changed', by: person('anna'), reason: 'tested' }),
    ]);
  });

  test('needs a name', async () => {
    const { service, changes } = await started({ adminPort: 0 }, { authenticator });
    const nobody = createClient(adminApi, { baseUrl: service.adminAddress });
    await expect(nobody.setLogLevel({ body: { level: 'debug', reason: 'x' } })).rejects.toMatchObject({
      code: 'REQUEST_FAILED',
      details: { status: 401 },
    });
    expect(changes()).toEqual([]);
  });

  test('is not on the public listener', async () => {
    const { service } = await started({ adminPort: 0 }, { authenticator });
    expect(await statuses(service.address)).toEqual(NONE);
  });

  test('is nowhere without a listener of its own', async () => {
    const { service } = await started({}, { authenticator });
    expect(await statuses(service.address)).toEqual(NONE);
  });

  test('is nowhere without an authenticator', async () => {
    const { service } = await started({ adminPort: 0 });
    expect(await statuses(service.adminAddress)).toEqual(NONE);
  });

  test('leaves the level of a logger alone that was injected', async () => {
    const { service } = await started({ adminPort: 0 }, { authenticator, logger: silentLogger });
    const answer = await fetch(`${service.adminAddress}/admin/log-level`, { headers: BY_ANNA });
    expect(answer.status).toBe(404);
  });
});
