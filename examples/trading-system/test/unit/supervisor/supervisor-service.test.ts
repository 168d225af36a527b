import { EventEmitter } from 'node:events';
import { silentLogger } from 'portcullis/telemetry';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SupervisorService } from '../../../supervisor/supervisor-service.ts';
import { World, childSpec } from './fake-children.ts';

async function served(rules: object = {}) {
  const world = new World([childSpec('a'), childSpec('b')], rules);
  const { supervisor } = world;
  const ports = { signals: new EventEmitter(), exit: () => undefined, logger: silentLogger, env: {} };
  const service = await new SupervisorService(supervisor, 0, { ...ports, freePorts: true }).start();
  onTestFinished(async () => {
    await service.stop();
  });
  const restart = async (body: object): Promise<number> => {
    const payload = JSON.stringify(body);
    const headers = { 'content-type': 'application/json' };
    return (await service.inject({ method: 'POST', url: '/restart', headers, payload })).status;
  };
  const status = async () => (await service.inject({ url: '/status' })).json();
  return { world, supervisor, service, restart, status };
}

test('says what runs', async () => {
  const { supervisor, status } = await served();
  await supervisor.start();
  expect(await status()).toEqual({
    ...{ phase: 'running', restarting: false },
    children: [
      {
        ...{ name: 'a', role: 'a', instance: 1, state: 'ready', pid: 1, url: 'http://127.0.0.1:1' },
        ...{ starts: 1, deaths: 0 },
      },
      {
        ...{ name: 'b', role: 'b', instance: 1, state: 'ready', pid: 2, url: 'http://127.0.0.1:2' },
        ...{ starts: 1, deaths: 0 },
      },
    ],
  });
});

test('restarts those that are named, in the background', async () => {
  const { world, supervisor, restart } = await served();
  await supervisor.start();
  expect(await restart({ reason: 'new version', children: ['b'] })).toBe(202);
  await vi.waitFor(() => {
    expect(world.events.at(-1)).toMatchObject({ event: 'restart-ended', outcome: 'done', restarted: ['b'] });
  });
});

test('refuses a restart that cannot be', async () => {
  const { world, supervisor, restart } = await served();
  expect(await restart({ reason: 'too early' })).toBe(409);
  await supervisor.start();
  expect(await restart({ reason: 'who?', children: ['z'] })).toBe(404);
  expect(await restart({})).toBe(400);
  world.isPrompt = false;
  expect(await restart({ reason: 'first' })).toBe(202);
  expect(await restart({ reason: 'second' })).toBe(409);
});

test('a page of another origin cannot ask for it: only JSON is taken', async () => {
  const { supervisor, service } = await served();
  await supervisor.start();
  const payload = JSON.stringify({ reason: 'mischief' });
  const headers = { 'content-type': 'text/plain' };
  const { status } = await service.inject({ method: 'POST', url: '/restart', headers, payload });
  expect([status >= 400, supervisor.isRestarting]).toEqual([true, false]);
});

test('is ready when all run, and stops them with itself', async () => {
  const { world, supervisor, service } = await served();
  const readiness = async () => (await service.inject({ url: '/ready' })).status;
  expect(await readiness()).toBe(503);
  await supervisor.start();
  await vi.waitFor(
    async () => {
      expect(await readiness()).toBe(200);
    },
    { timeout: 15_000, interval: 100 },
  );
  await service.stop('over');
  expect([supervisor.phase, world.told.at(-1)]).toEqual(['stopped', 'all-stopped']);
});
