import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { person, type PortcullisError } from '../../src/core/index.ts';
import {
  BaseEnterpriseService,
  createService,
  secret,
  type Service,
  type ServiceDefinition,
  type ServicePorts,
} from '../../src/service/index.ts';
import { FakeFlags } from '../../src/testing/index.ts';
import type { LeveledLogger } from '../../src/telemetry/index.ts';
import { over, pass, probe, stopAfterwards, world } from './service-lifecycle-probe.ts';

const config = z.strictObject({
  pollMs: z.number().positive().default(1000),
  venues: z.array(z.string()).default(['toy']),
});

/** A service called `quotes` that wants to know two things. */
function quotes(
  ports: ServicePorts = {},
  options: Partial<ServiceDefinition<typeof config>> = {},
): ReturnType<typeof world> & { readonly service: Service<typeof config> } {
  const around = world();
  const service = createService({ name: 'quotes', config, ...options }, { ...around.ports, ...ports });
  stopAfterwards(around.clock, service);
  return { ...around, service };
}

/** The configuration is refused: every issue as `field: source`. */
async function refusals(starting: Promise<unknown>): Promise<readonly string[]> {
  const error = await starting.then(
    () => expect.fail('it started'),
    (failure: unknown) => failure as PortcullisError,
  );
  expect(error.code).toBe('SERVICE_START_FAILED');
  const cause = error.cause as PortcullisError;
  expect(cause.code).toBe('CONFIG_INVALID');
  const issues = cause.details['issues'] as readonly { field: string; source: string }[];
  return issues.map(({ field, source }) => `${field}: ${source}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function privateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'service-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe('the configuration', () => {
  test('has the defaults of its schema where nobody says otherwise', async () => {
    const { service } = quotes();
    await service.start();
    expect(service.config).toEqual({ pollMs: 1000, venues: ['toy'] });
  });

  test.each(['PORT', 'QUOTES_SERVICE__PORT'])('%s in the environment is the port', async (name) => {
    const port = await freePort();
    const { service } = quotes({ env: { [name]: String(port) } }, { port: 1 });
    await service.start();
    expect(new URL(service.address).port).toBe(String(port));
  });

  test('takes what the environment says over what the constructor was given', async () => {
    const { service } = quotes({ env: { QUOTES_POLL_MS: '250', QUOTES_VENUES: '["a","b"]' } });
    await service.start();
    expect(service.config).toEqual({ pollMs: 250, venues: ['a', 'b'] });
  });

  test('takes overrides over everything else', async () => {
    const { service } = quotes({ env: { QUOTES_POLL_MS: '250' }, overrides: { pollMs: 50 } });
    await service.start();
    expect(service.config.pollMs).toBe(50);
  });

  test('reads a JSON file and a .env file, which must be there', async () => {
    const directory = await privateDirectory();
    const configFile = join(directory, 'quotes.json');
    const envFile = join(directory, '.env');
    await writeFile(configFile, JSON.stringify({ pollMs: 7, venues: ['file'] }));
    await writeFile(envFile, 'QUOTES_POLL_MS=8\n');
    const { service } = quotes({}, { configFile, envFile });
    await service.start();
    expect(service.config).toEqual({ pollMs: 8, venues: ['file'] });
    const absent = quotes({}, { configFile: join(directory, 'none.json') });
    await expect(absent.service.start()).rejects.toMatchObject({ code: 'SERVICE_START_FAILED' });
  });

  test('takes further names of variables', async () => {
    const { service } = quotes({ env: { POLL: '5' } }, { aliases: { POLL: 'pollMs' } });
    await service.start();
    expect(service.config.pollMs).toBe(5);
  });

  test('LOG_LEVEL is the level of its own log, from the start on', async () => {
    const { ports } = world();
    const { logger: _, ...others } = ports;
    const service = createService(
      { name: 'quotes', logLevel: 'error' },
      { ...others, env: { LOG_LEVEL: 'warn' } },
    );
    const log = service.log as LeveledLogger;
    expect(log.level).toBe('error');
    await service.start();
    expect(log.level).toBe('warn');
    log.level = 'error';
    await service.stop();
  });

  test.each([
    ['the definition', { profile: 'heavy' }, {}],
    ['the environment', { profile: 'light' }, { QUOTES_PROFILE: 'heavy' }],
  ])('the profile heavy, chosen by %s, drains for five seconds', async (_by, options, env) => {
    const profiles = { heavy: { pollMs: 20 } };
    const { service, clock, audited } = quotes({ env }, { ...options, profiles });
    await service.start();
    expect(service.config.pollMs).toBe(20);
    expect(audited[0]).toMatchObject({ profile: 'heavy' });
    expect((await over(clock, service.stop())).tookMs).toBe(5000);
  });

  test('that is invalid fails the start with every issue and its source', async () => {
    const env = { PORT: 'http', QUOTES_POLL_MS: '-1', QUOTES_SERVICE__LOG_LEVEL: 'loud' };
    const { service } = quotes({ env, overrides: { venues: 'toy' } });
    expect(await refusals(service.start())).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^service\.port: .*PORT/),
        expect.stringMatching(/^pollMs: .*QUOTES_POLL_MS/),
        expect.stringMatching(/^service\.logLevel: .*QUOTES_SERVICE__LOG_LEVEL/),
        expect.stringMatching(/^venues: /),
      ]),
    );
    expect(service.state).toBe('failed');
    expect(() => service.config).toThrow('has no configuration');
  });

  test('refuses a profile that nobody knows', async () => {
    const { service } = quotes({ env: { QUOTES_PROFILE: 'heavier' } });
    expect(await refusals(service.start())).toEqual([expect.stringMatching(/^profile: .*QUOTES_PROFILE/)]);
  });

  test('is typed in a class as well', async () => {
    class Quotes extends BaseEnterpriseService<typeof config> {
      constructor(ports: ServicePorts) {
        super({ name: 'quotes', config }, ports);
      }
      get halfMs(): number {
        return this.config.pollMs / 2;
      }
    }
    const { ports, clock } = world();
    const service = new Quotes(ports);
    stopAfterwards(clock, service);
    await service.start();
    expect([service.halfMs, service.config.venues]).toEqual([500, ['toy']]);
  });
});

describe('secrets of the configuration', () => {
  const keyed = async () => {
    const path = join(await privateDirectory(), 'key');
    await writeFile(path, 'sesame');
    const around = world();
    const service = createService(
      { name: 'keyed', config: z.strictObject({ key: secret() }) },
      { ...around.ports, env: { KEYED_KEY: `file:${path}` } },
    );
    stopAfterwards(around.clock, service);
    await service.start();
    return { ...around, service, path };
  };

  test('are read before onStart, and rotated while it runs', async () => {
    const { service, path, clock } = await keyed();
    expect(service.config.key.reveal()).toBe('sesame');
    await writeFile(`${path}.new`, 'open');
    await rename(`${path}.new`, path);
    clock.advance(30_000);
    await vi.waitFor(() => {
      expect(service.config.key.reveal()).toBe('open');
    });
  });

  test('that cannot be read again degrade the service, which stays ready and keeps the last one', async () => {
    const { service, path, clock, lines, metrics } = await keyed();
    await rm(path);
    clock.advance(30_000);
    await vi.waitFor(() => {
      expect(lines.map(({ msg }) => msg)).toContain('secret not read again');
    });
    await pass(clock, 10_000);
    const health = await service.inject({ url: '/health' });
    expect([health.status, health.json()]).toEqual([
      200,
      expect.objectContaining({
        state: 'degraded',
        status: 'degraded',
        checks: {
          secrets: expect.objectContaining({ status: 'down', reason: 'not read again: key' }) as unknown,
        },
      }),
    ]);
    expect((await service.inject({ url: '/ready' })).status).toBe(200);
    expect(service.config.key.reveal()).toBe('sesame');
    expect(await metrics.exposition()).toMatch(
      /trading_errors_total\{component="config",kind="SECRET_UNREADABLE",severity="high"\} [1-9]/,
    );
    expect(JSON.stringify(lines)).not.toContain('sesame');
  });

  test('no health check is there without a secret', async () => {
    const { service } = quotes();
    await service.start();
    expect(await service.health.report()).toEqual({ status: 'up', checks: {} });
  });
});

describe('flags', () => {
  const flagsFile = async (value: boolean) => {
    const path = join(await privateDirectory(), 'flags.json');
    const write = async (on: boolean): Promise<void> => {
      const flags = { 'new-router': { type: 'boolean', default: on } };
      await writeFile(`${path}.new`, JSON.stringify({ flags }));
      await rename(`${path}.new`, path);
    };
    await write(value);
    return { path, write };
  };

  test('come from FLAG_... in the environment', async () => {
    const { service, metrics } = quotes({ env: { FLAG_NEW_ROUTER: 'true' } });
    await service.start();
    expect(await service.flags.getBooleanValue('new-router', false)).toBe(true);
    expect(await service.flags.getBooleanValue('other', false)).toBe(false);
    expect(await metrics.exposition()).toContain('trading_flag_enabled{flag="new-router"} 1\n');
    expect(() => service.flagControl).toThrow(
      expect.objectContaining({ message: 'quotes is ready and has no file of flags' }),
    );
  });

  test('come from a file, looked at while it runs', async () => {
    const { path, write } = await flagsFile(false);
    const { service, clock } = quotes({}, { flagsFile: path });
    await service.start();
    expect(await service.flags.getBooleanValue('new-router', true)).toBe(false);
    await write(true);
    await vi.waitFor(async () => {
      clock.advance(5000);
      expect(await service.flags.getBooleanValue('new-router', false)).toBe(true);
    });
  });

  test('in a file can be changed by name, and that is audited', async () => {
    const { path } = await flagsFile(false);
    const { service, audited } = quotes({}, { flagsFile: path });
    await service.start();
    await service.flagControl.set('new-router', true, person('ada'), 'try it');
    expect(await service.flags.getBooleanValue('new-router', false)).toBe(true);
    expect(audited.at(-1)).toMatchObject({ by: person('ada'), reason: 'try it' });
  });

  test('in a file that are changed without an audit log are at least in the log', async () => {
    const { path } = await flagsFile(false);
    const { ports, lines, clock } = world();
    const { audit: _, ...others } = ports;
    const service = createService({ name: 'quotes', flagsFile: path }, others);
    stopAfterwards(clock, service);
    await service.start();
    await service.flagControl.set('new-router', true, person('ada'), 'try it');
    expect(lines.find(({ msg }) => msg === 'not audited: the service has no audit log')).toMatchObject({
      level: 'warn',
      by: person('ada'),
    });
  });

  test('a file that is not there fails the start', async () => {
    const { service } = quotes({}, { flagsFile: '/none/flags.json' });
    await expect(service.start()).rejects.toMatchObject({ code: 'SERVICE_START_FAILED' });
    expect(() => service.flags).toThrow('quotes is failed and has no flags');
  });

  test('of the service are closed at the end; those of an injected client are not', async () => {
    const own = quotes({ env: { FLAG_NEW_ROUTER: 'true' } });
    await own.service.start();
    const report = await own.service.stop();
    expect(report.steps.map(({ name }) => name)).toContain('close flags');
    expect(await own.service.flags.getBooleanValue('new-router', false)).toBe(false);

    const { client } = new FakeFlags({ 'new-router': true });
    const given = quotes({ flags: client });
    await given.service.start();
    expect(given.service.flags).toBe(client);
    const { steps } = await given.service.stop();
    expect(steps.map(({ name }) => name)).not.toContain('close flags');
    expect(await client.getBooleanValue('new-router', false)).toBe(true);
  });

  test('`flags` is the name of what the service itself has opened', async () => {
    const { service } = probe({ onStart: ({ use }) => void use('flags', {}) });
    await expect(service.start()).rejects.toThrow('use: name: "flags" is taken, expected another');
  });
});

describe('the audit log', () => {
  const BY = { kind: 'system', id: 'quotes' };

  test('gets start and stop, with version, profile and hash of the configuration', async () => {
    const { service, audited } = quotes({}, { version: '1.2.3', profile: 'light' });
    await service.start();
    await service.stop('deploy');
    expect(audited).toEqual([
      {
        kind: 'service.started',
        by: BY,
        version: '1.2.3',
        profile: 'light',
        configHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
      { kind: 'service.stopped', by: BY, reason: 'deploy', forced: false },
    ]);
  });

  test('tells configurations apart by their values, not by where they come from', async () => {
    const hashOf = async (ports: ServicePorts): Promise<unknown> => {
      const { service, audited } = quotes(ports);
      await service.start();
      return audited[0]?.['configHash'];
    };
    const [first, same, other] = await Promise.all([
      hashOf({ env: { QUOTES_POLL_MS: '5' } }),
      hashOf({ overrides: { pollMs: 5 } }),
      hashOf({ overrides: { pollMs: 6 } }),
    ]);
    expect(first).toBe(same);
    expect(first).not.toBe(other);
  });

  test('that refuses fails the start: nothing is served that nobody knows of', async () => {
    const audit = { record: () => Promise.reject(new Error('no room')) };
    const { service } = quotes({ audit });
    await expect(service.start()).rejects.toMatchObject({
      code: 'SERVICE_START_FAILED',
      message: 'quotes could not start: Error: no room',
    });
    expect(service.state).toBe('failed');
    const { steps } = await service.stop();
    expect(steps.find(({ name }) => name === 'audit')).toMatchObject({ outcome: 'failed' });
  });

  test('gets the reason of a start that failed', async () => {
    const { service, audited } = probe({ onStart: () => Promise.reject(new Error('no database')) });
    await expect(service.start()).rejects.toThrow();
    expect(audited).toEqual([
      {
        kind: 'service.stopped',
        by: { kind: 'system', id: 'probe' },
        reason: 'start failed: Error: no database',
        forced: false,
      },
    ]);
  });

  test('is not needed', async () => {
    const { ports, clock } = world();
    const { audit: _, ...others } = ports;
    const service = createService({ name: 'quotes' }, others);
    stopAfterwards(clock, service);
    await service.start();
    expect((await service.stop()).steps.find(({ name }) => name === 'audit')?.outcome).toBe('done');
  });
});
