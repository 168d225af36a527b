import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { parseExposition } from '../../support/exposition-parser.ts';

/** Labels and values as they come from code that has no types. */
const anything = fc.oneof(
  fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true }),
  fc.record({ symbol: fc.anything(), side: fc.constantFrom('buy', 'sell', 'hold', 7) }),
  fc.record({ symbol: fc.string({ unit: 'binary' }), side: fc.constant('buy') }),
  fc.double(),
  fc.constant(Symbol('s')),
  fc.constant({
    get symbol(): string {
      throw new Error('no');
    },
  }),
);

describe('whatever is observed', () => {
  test('nothing throws, and the text can be read in both formats', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anything, anything, anything), { maxLength: 30 }), async (calls) => {
        const metrics = new MetricsRegistry({ maxSeriesPerMetric: 10 });
        const labels = { symbol: 'any', side: ['buy', 'sell'] } as const;
        const a = metrics.counter({ name: 'a_total', help: 'A.', labels });
        const g = metrics.gauge({ name: 'g', help: 'G.', labels });
        const h = metrics.histogram({ name: 'h_seconds', help: 'H.', labels });
        const bound = [
          metrics.counter({ name: 'b_total', help: 'B.' }).bind(),
          metrics.histogram({ name: 'i_seconds', help: 'I.' }).bind(),
        ] as const;
        for (const [first, second, third] of calls as unknown as never[][]) {
          a.inc(first as never, second, third);
          g.set(first as never, second as never);
          g.add(first as never, second as never);
          h.observe(first as never, second as never, third);
          bound[0].inc(first, second);
          bound[1].observe(first as never, second);
        }
        parseExposition(await metrics.exposition());
        parseExposition(await metrics.exposition({ format: 'openmetrics' }), 'openmetrics');
      }),
      { numRuns: 200 },
    );
  });

  test('labels that cannot be read count under __overflow__', async () => {
    const metrics = new MetricsRegistry();
    const a = metrics.counter({ name: 'a_total', help: 'A.', labels: ['k'] });
    a.inc({
      get k(): string {
        throw new Error('no');
      },
    });
    const text = await metrics.exposition();
    expect(text).toContain('a_total{k="__overflow__"} 1\n');
    expect(text).toContain('metrics_invalid_observations_total{metric="a_total",reason="label"} 1\n');
  });
});
