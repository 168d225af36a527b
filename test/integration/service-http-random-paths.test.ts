import { expect, onTestFinished, test } from 'vitest';
import { createService } from '../../src/service/index.ts';
import { silentLogger } from '../../src/telemetry/index.ts';
import { runs } from '../support/runs.ts';

const PATHS = runs(1).numRuns === 1 ? 20_000 : 1_000_000;
const SECOND = 1000;
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'TRACE', 'PROPFIND', 'OPTIONS', 'HEAD'];

test(
  'whatever paths and methods are tried, the number of series has a bound',
  async () => {
    const service = createService(
      {
        name: 'quotes',
        routes: (app) => {
          app.get('/quotes/:symbol', () => 'x');
        },
      },
      { env: {}, logger: silentLogger },
    );
    onTestFinished(async () => {
      await service.stop();
    });
    await service.start();
    const series = async (): Promise<number> =>
      (await service.metrics.exposition()).split('\n').filter((line) => /^http_request/.test(line)).length;
    const ask = (at: number) => {
      const path = (at * 2_654_435_761).toString(36);
      const url =
        at % 4 === 0 ? `/quotes/${path}?x=${at}` : at % 1000 === 1 ? `/%zz${path}` : `/${path}/${at}`;
      return service.inject({ method: METHODS[at % METHODS.length] as 'GET', url });
    };
    const first = METHODS.length * 1000;
    for (let at = 0; at < first; at += 1) await ask(at);
    const early = await series();
    for (let at = first; at < PATHS; at += 1) await ask(at);
    expect(await series()).toBe(early);
    expect(early).toBeLessThan(400);
    const metrics = await service.metrics.exposition();
    expect(metrics).not.toMatch(/route="[^"]*%zz/);
    expect(metrics).not.toContain('__overflow__');
  },
  3600 * SECOND,
);
