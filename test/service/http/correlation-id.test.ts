import { describe, expect, test } from 'vitest';
import type { ServiceApp } from '../../../src/service/index.ts';
import { correlation } from '../../../src/telemetry/index.ts';
import { as, serving } from './support.ts';

const routes = (own: ServiceApp): void => {
  own.post('/echo', async () => {
    await Promise.resolve();
    return { id: correlation.id() };
  });
};

describe('the correlation id', () => {
  test.each([['order-7.a:b_c'], ['x'.repeat(128)]])('%s is taken over and returned', async (id) => {
    const { ask } = serving(routes);
    const answer = await ask({ method: 'POST', url: '/echo', ...as(id), payload: {} });
    expect([answer.headers['x-correlation-id'], answer.json()]).toEqual([id, { id }]);
  });

  test.each([[undefined], [''], ['a b'], ['<script>'], ['x'.repeat(129)], ['a"b']])(
    '%s is replaced',
    async (id) => {
      const { ask } = serving(routes);
      const headers = id === undefined ? {} : { 'x-correlation-id': id };
      const answer = await ask({ method: 'POST', url: '/echo', headers, payload: {} });
      const given = answer.headers['x-correlation-id'];
      expect(given).not.toBe(id);
      expect(correlation.isValid(given)).toBe(true);
      expect(answer.json()).toEqual({ id: given });
    },
  );

  test('two requests without one get two', async () => {
    const { ask } = serving();
    const [a, b] = [await ask('/live'), await ask('/live')];
    expect(a.headers['x-correlation-id']).not.toBe(b.headers['x-correlation-id']);
  });

  test('is in each log line of its request and in none of another', async () => {
    const { ask, lines, log } = serving();
    log.info('before');
    await Promise.all([ask({ url: '/none', ...as('a') }), ask({ url: '/none', ...as('b') })]);
    expect(lines.map(({ correlationId, msg }) => [correlationId, msg]).toSorted()).toEqual(
      [
        [undefined, 'before'],
        ['a', 'request'],
        ['b', 'request'],
      ].toSorted(),
    );
  });
});
