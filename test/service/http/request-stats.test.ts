import { expect, test } from 'vitest';
import { RequestStats } from '../../../src/service/http/request-stats.ts';
import { statsSampleSchema } from '../../../src/service/rollback/version-stats.ts';
import { testService } from '../../../src/testing/index.ts';

test('counts by bucket, bounds included, with sum and errors', () => {
  const stats = new RequestStats();
  stats.count(false, 0.001);
  stats.count(true, 0.0011);
  stats.count(false, 10.5);
  const sample = stats.sample();
  expect([sample.requests, sample.errors, sample.latency?.sumSeconds]).toEqual([3, 1, 10.5021]);
  expect(sample.latency?.cumulativeCounts).toEqual([1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3]);
  expect(statsSampleSchema.parse(sample)).toEqual(sample);
});

test('of a service: its own routes, neither probes nor what matches no route', async () => {
  const tested = await testService({
    name: 'quotes',
    routes: (app) => {
      app.get('/fine', () => 'ok');
      app.get('/broken', () => {
        throw new Error('no');
      });
    },
  });
  for (const path of ['/fine', '/fine', '/broken', '/live', '/nowhere']) await tested.inject(path);
  expect(tested.service.requestStats.sample()).toMatchObject({
    requests: 3,
    errors: 1,
  });
  await tested.stop();
});
