import { describe, expect, test } from 'vitest';
import { person } from '../../../src/core/index.ts';
import { FlagControl, FlagMetrics, openFlags } from '../../../src/service/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { fileWorld, type FileWorld, OFF, ON } from './support.ts';

interface World extends FileWorld {
  readonly client: Awaited<ReturnType<typeof openFlags>>['client'];
  close(): Promise<void>;
  /** Lines of the exposition that begin with `trading_flag_`, zeros of the counter left out unless asked for. */
  series(zeros?: boolean): Promise<string[]>;
}

async function world(flags: Record<string, unknown>): Promise<World> {
  const registry = new MetricsRegistry();
  const file = await fileWorld(flags);
  const opened = await openFlags('quotes', file.provider, { metrics: new FlagMetrics(registry) });
  return {
    ...file,
    ...opened,
    async series(zeros = false) {
      const lines = (await registry.exposition())
        .split('\n')
        .filter((line) => line.startsWith('trading_flag_'));
      return lines.filter((line) => zeros || !(line.includes('_total') && line.endsWith(' 0'))).sort();
    },
  };
}

const COLOURS = { type: 'string', variants: { red: 'R', blue: 'B' }, default: 'red' };

describe('FlagMetrics', () => {
  test('shows every flag before anybody has asked for it', async () => {
    const { series, close } = await world({ x: OFF, y: ON, colour: COLOURS });
    expect(await series()).toEqual([
      'trading_flag_enabled{flag="x"} 0',
      'trading_flag_enabled{flag="y"} 1',
      'trading_flag_variant{flag="colour",variant="blue"} 0',
      'trading_flag_variant{flag="colour",variant="red"} 1',
      'trading_flag_variant{flag="x",variant="off"} 1',
      'trading_flag_variant{flag="x",variant="on"} 0',
      'trading_flag_variant{flag="y",variant="off"} 0',
      'trading_flag_variant{flag="y",variant="on"} 1',
    ]);
    await close();
  });

  test('has the counter of each variant and reason at 0 from the start', async () => {
    const { series, close } = await world({ x: OFF });
    const counters = (await series(true)).filter((line) => line.includes('_total'));
    expect(counters).toHaveLength(4 * 7);
    expect(counters).toContain('trading_flag_evaluations_total{flag="x",variant="on",reason="SPLIT"} 0');
    expect(counters).toContain('trading_flag_evaluations_total{flag="x",variant="none",reason="ERROR"} 0');
    expect(counters).toContain(
      'trading_flag_evaluations_total{flag="unknown",variant="none",reason="ERROR"} 0',
    );
    await close();
  });

  test('follows a change, and shows nothing as given while a flag is disabled', async () => {
    const { series, provider, close } = await world({ x: OFF, y: { ...ON, enabled: false } });
    await new FlagControl({ flags: provider }).set('x', true, person('ada'), 'try');
    expect(await series()).toEqual([
      'trading_flag_enabled{flag="x"} 1',
      'trading_flag_enabled{flag="y"} 0',
      'trading_flag_variant{flag="x",variant="off"} 0',
      'trading_flag_variant{flag="x",variant="on"} 1',
      'trading_flag_variant{flag="y",variant="off"} 0',
      'trading_flag_variant{flag="y",variant="on"} 0',
    ]);
    await close();
  });

  test('leaves a flag that is gone at 0', async () => {
    const { series, provider, write, close } = await world({ x: ON, colour: COLOURS });
    await series();
    await write({});
    await provider.reload();
    expect((await series()).every((line) => line.endsWith(' 0'))).toBe(true);
    expect(await series()).toHaveLength(5);
    await close();
  });

  test('counts evaluations by variant and reason', async () => {
    const { client, series, close } = await world({
      x: { ...OFF, rules: [{ when: { accountId: 'a' }, serve: 'on' }] },
      split: { ...OFF, rules: [{ serve: 'on', percent: 50 }] },
      y: { ...ON, enabled: false },
    });
    await client.getBooleanValue('x', false, { accountId: 'a' });
    await client.getBooleanValue('x', false, { accountId: 'b' });
    await client.getBooleanValue('x', false, { accountId: 'b' });
    await client.getBooleanValue('y', false);
    await client.getBooleanValue('split', false);
    await client.getStringValue('x', '');
    await client.getBooleanValue('made-up-1', false);
    await client.getBooleanValue('made-up-2', false);
    expect((await series()).filter((line) => line.includes('_total'))).toEqual([
      'trading_flag_evaluations_total{flag="split",variant="none",reason="ERROR"} 1',
      'trading_flag_evaluations_total{flag="unknown",variant="none",reason="ERROR"} 2',
      'trading_flag_evaluations_total{flag="x",variant="none",reason="ERROR"} 1',
      'trading_flag_evaluations_total{flag="x",variant="off",reason="DEFAULT"} 2',
      'trading_flag_evaluations_total{flag="x",variant="on",reason="TARGETING_MATCH"} 1',
      'trading_flag_evaluations_total{flag="y",variant="none",reason="DISABLED"} 1',
    ]);
    await close();
  });

  test('counts a reason that OpenFeature does not name as UNKNOWN', async () => {
    const registry = new MetricsRegistry();
    const details = { flagKey: 'x', flagMetadata: {}, value: true, reason: 'CACHED' };
    new FlagMetrics(registry).finally({ flagKey: 'x' } as never, details);
    expect(await registry.exposition()).toContain('{flag="x",variant="none",reason="UNKNOWN"} 1');
  });
});
