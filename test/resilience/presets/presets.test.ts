import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { EndpointOptionsSchema } from '../../../src/resilience/fetcher/endpoint.ts';
import { type SourceOptions, SourceOptionsSchema } from '../../../src/resilience/fetcher/source-options.ts';
import * as resilience from '../../../src/resilience/index.ts';

/** Every value that a file of the folder exports is a preset, and held to this. */
const folder = new URL('../../../src/resilience/presets/', import.meta.url);
const files = readdirSync(folder);
const presets = (
  await Promise.all(
    files.map(async (file) => {
      const module = (await import(new URL(file, folder).href)) as Record<string, SourceOptions>;
      return Object.entries(module).map(([name, preset]) => ({ file, name, preset }));
    }),
  )
).flat();

test('each file has at least one', () => {
  expect(new Set(presets.map(({ file }) => file))).toEqual(new Set(files));
});

describe.each(presets)('$name of $file', ({ name, preset }) => {
  const settings = SourceOptionsSchema.parse(preset);
  const buckets = preset.rateLimit?.buckets ?? [];

  test('makes a source of a fetcher', async () => {
    const fetcher = new resilience.ResilientFetcher(
      { sources: { it: { ...preset } } },
      { clock: new ManualClock() },
    );
    expect(fetcher.status('it').rateLimit?.buckets.map(({ name }) => name)).toEqual(
      buckets.map(({ name }) => name),
    );
    await fetcher.close();
  });

  test('is exported by the package', () => {
    expect((resilience as Record<string, unknown>)[name]).toBe(preset);
  });

  test('asks over https, and sends no secret', () => {
    expect(new URL(preset.baseUrl)).toMatchObject({ protocol: 'https:', username: '', password: '' });
    expect(settings.headers).not.toHaveProperty('authorization');
  });

  test('heeds the bans of its source, with a limiter that can', () => {
    expect(settings.bans.statuses).toEqual(expect.arrayContaining([418, 429]));
    expect(buckets).not.toEqual([]);
  });

  test('what it hears of usage is of a bucket, whose limit at the server is known', () => {
    for (const { bucket } of settings.usage) {
      const limit = buckets.find(({ name }) => name === bucket);
      expect(limit?.windowLimit).toBeGreaterThan(limit?.capacity ?? NaN);
    }
  });

  test.each(Object.entries(settings.endpoints))(
    '%s can go: no weight is more than a bucket holds, and steps rise',
    (_, endpoint) => {
      const capacities = buckets.filter(({ counts }) => counts !== 'calls').map(({ capacity }) => capacity);
      expect(Math.max(...weightsOf(endpoint.weight))).toBeLessThanOrEqual(Math.min(...capacities));
      for (const steps of stepsOf(endpoint.weight)) {
        const bounds = steps.map(({ upTo }) => upTo);
        expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
        expect(new Set(bounds).size).toBe(bounds.length);
      }
      expect(EndpointOptionsSchema.parse(endpoint)).toEqual(endpoint);
    },
  );

  test('cannot be changed by anybody, however deep', () => {
    const open: unknown[] = [preset];
    while (open.length > 0) {
      const value = open.pop();
      if (typeof value !== 'object' || value === null) continue;
      expect(Object.isFrozen(value)).toBe(true);
      open.push(...(Object.values(value) as unknown[]));
    }
  });
});

type Weight = ReturnType<typeof EndpointOptionsSchema.parse>['weight'];

const weightsOf = (weight: Weight): number[] =>
  typeof weight === 'number'
    ? [weight]
    : [...weight.steps.map((step) => step.weight), ...weightsOf(weight.absent)];

const stepsOf = (weight: Weight): { upTo: number }[][] =>
  typeof weight === 'number' ? [] : [weight.steps, ...stepsOf(weight.absent)];
