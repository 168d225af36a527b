import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from 'portcullis/core';
import { EmbeddedEventBus } from 'portcullis/events';
import { DataDirectory } from 'portcullis/storage';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openEmbeddedParts } from '../../../parts/embedded-parts.ts';
import { Lazy } from '../../../parts/lazy.ts';
import { Opened } from '../../../parts/opened.ts';
import { deskSchemaOf } from '../../../trading/desk-storage.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('what was opened last is closed first, once, also after one that cannot be closed', async () => {
  const said: string[] = [];
  const opened = new Opened();
  for (const name of ['store', 'log', 'bus'])
    opened.add(name, (one) => {
      said.push(one);
      return one === 'log' ? Promise.reject(new Error('stuck')) : Promise.resolve();
    });
  await Promise.all([opened.close(), opened.close()]);
  expect(said).toEqual(['bus', 'log', 'store']);
});

test('embedded parts let go of the directory when the bus cannot be opened', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'trading-system-test-'));
  const clock = new SystemClock();
  vi.spyOn(EmbeddedEventBus, 'open').mockRejectedValue(new Error('no bus'));
  await expect(openEmbeddedParts({ dataDir }, { clock })).rejects.toThrow('no bus');
  const again = await DataDirectory.open(join(dataDir, 'shared'), { clock });
  await again.close();
  await rm(dataDir, { recursive: true });
});

describe('Lazy', () => {
  const part = (said: string[]) => ({
    close: () => {
      said.push('closed');
      return Promise.resolve();
    },
  });

  test('opens once, tries again what failed, and closes what it opened', async () => {
    const said: string[] = [];
    const open = vi.fn(() => Promise.resolve(part(said)));
    open.mockRejectedValueOnce(new Error('no server'));
    const lazy = new Lazy(open);
    await expect(lazy.get()).rejects.toThrow('no server');
    expect(await lazy.get()).toBe(await lazy.get());
    expect(open).toHaveBeenCalledTimes(2);
    await lazy.close();
    expect(said).toEqual(['closed']);
    await expect(lazy.get()).rejects.toThrow('closed');
  });

  test('closes nothing that was never opened', async () => {
    const open = vi.fn(() => Promise.resolve(part([])));
    await new Lazy(open).close();
    expect(open).not.toHaveBeenCalled();
  });
});

test('each account has a schema of its own', () => {
  expect(deskSchemaOf('main')).toBe('desk_main');
  const ids = ['Main', 'main', 'a-b', 'a_b', 'a.b', 'x'.repeat(64), 'x'.repeat(63)];
  expect(new Set(ids.map(deskSchemaOf)).size).toBe(ids.length);
  for (const id of ids) expect(deskSchemaOf(id)).toMatch(/^[a-z_][a-z0-9_]{0,47}$/);
});
