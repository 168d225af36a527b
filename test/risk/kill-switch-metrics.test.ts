import { describe, expect, test } from 'vitest';
import { ManualClock, person, system } from '../../src/core/index.ts';
import { KillSwitch, KillSwitchMetrics, type KillSwitchMetricsOptions } from '../../src/risk/index.ts';
import { MemoryStateStore } from '../../src/storage/index.ts';
import { MetricsRegistry } from '../../src/telemetry/index.ts';
import { parseExposition } from '../support/exposition-parser.ts';

const ADA = person('ada');
const MAIN = { kind: 'account', id: 'main' } as const;

async function shown(options: KillSwitchMetricsOptions = {}) {
  const clock = new ManualClock(1_700_000_000_000);
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const metrics = new MetricsRegistry({}, { clock });
  const switchMetrics = new KillSwitchMetrics(options, { metrics, killSwitch, clock });
  const read = async (name: string): Promise<Readonly<Record<string, number>>> => {
    const family = parseExposition(await metrics.exposition()).find((one) => one.name === name);
    return Object.fromEntries(
      (family?.samples ?? []).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
    );
  };
  return { clock, killSwitch, switchMetrics, read };
}

const TRIPPED = 'trading_kill_switch_tripped';
const STATE = 'trading_kill_switch_state';
const ACTIVATIONS = 'trading_kill_switch_activations_total';

describe('KillSwitchMetrics', () => {
  test('shows the firm and the scopes it was told of before anything is tripped', async () => {
    const { read } = await shown({ scopes: [MAIN], monitors: ['drawdown-monitor'] });
    expect(await read(TRIPPED)).toEqual({ firm: 0, 'account:main': 0 });
    expect(await read(STATE)).toEqual({ active: 1, reducing: 0, halted: 0 });
    expect(await read(ACTIVATIONS)).toEqual({
      'firm person': 0,
      'firm order-desk': 0,
      'firm drawdown-monitor': 0,
      'account:main person': 0,
      'account:main order-desk': 0,
      'account:main drawdown-monitor': 0,
    });
  });

  test('counts a trip by who tripped, and a repetition not again', async () => {
    const { killSwitch, read } = await shown();
    await killSwitch.trip({ scope: MAIN, to: 'reducing', reason: 'a', by: system('drawdown-monitor') });
    await killSwitch.trip({ scope: MAIN, to: 'reducing', reason: 'b', by: system('drawdown-monitor') });
    await killSwitch.trip({ to: 'halted', reason: 'c', by: ADA });
    expect(await read(ACTIVATIONS)).toEqual({
      'firm person': 1,
      'firm order-desk': 0,
      'account:main drawdown-monitor': 1,
    });
    expect(await read(TRIPPED)).toEqual({ firm: 1, 'account:main': 1 });
    expect(await read(STATE)).toEqual({ active: 0, reducing: 0, halted: 1 });
  });

  test('a scope that was released stays there, at 0', async () => {
    const { killSwitch, read } = await shown();
    await killSwitch.trip({ scope: MAIN, to: 'reducing', reason: 'a', by: ADA });
    expect(await read(TRIPPED)).toEqual({ firm: 0, 'account:main': 1 });
    await killSwitch.release({ scope: MAIN, confirm: 'account:main', reason: 'b', by: ADA });
    expect(await read(TRIPPED)).toEqual({ firm: 0, 'account:main': 0 });
  });

  test('a restraint moves the state, and is no trip', async () => {
    const { killSwitch, read } = await shown();
    killSwitch.restrain({ scope: { kind: 'firm' }, to: 'reducing', reason: 'x', by: system('desk') });
    expect(await read(TRIPPED)).toEqual({ firm: 0 });
    expect(await read(STATE)).toEqual({ active: 0, reducing: 1, halted: 0 });
  });

  test('tells when what trips by itself last looked', async () => {
    const { clock, switchMetrics, read } = await shown();
    const name = 'trading_kill_switch_last_check_timestamp_seconds';
    expect(await read(name)).toEqual({ firm: 0 });
    clock.advance(500);
    switchMetrics.checked();
    clock.advance(500);
    expect(await read(name)).toEqual({ firm: 1_700_000_000.5 });
  });

  test('shows nothing new once it is disposed', async () => {
    const { killSwitch, switchMetrics, read } = await shown();
    switchMetrics[Symbol.dispose]();
    await killSwitch.trip({ to: 'halted', reason: 'c', by: ADA });
    expect(await read(ACTIVATIONS)).toEqual({ 'firm person': 0, 'firm order-desk': 0 });
    expect(await read(TRIPPED)).toEqual({});
  });

  test('refuses a misspelt option by name', async () => {
    await expect(shown({ scope: [] } as never)).rejects.toThrow(/KillSwitchMetrics.*scope/);
  });
});
