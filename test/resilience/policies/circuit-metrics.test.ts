import { describe, expect, test } from 'vitest';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { CircuitWorld, openedWorld } from './circuit-world.ts';

describe('metrics', () => {
  const shown = async (metrics: MetricsRegistry): Promise<readonly string[]> =>
    (await metrics.exposition()).split('\n').filter((line) => line.startsWith('trading_circuit_breaker'));

  test('show the state from the start, and count no changes yet', async () => {
    const metrics = new MetricsRegistry();
    new CircuitWorld({}, { metrics });
    expect(await shown(metrics)).toEqual([
      'trading_circuit_breaker_state{target="venue",state="closed"} 1',
      'trading_circuit_breaker_state{target="venue",state="open"} 0',
      'trading_circuit_breaker_state{target="venue",state="half-open"} 0',
      'trading_circuit_breaker_state{target="venue",state="isolated"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="closed"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="open"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="half-open"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="isolated"} 0',
    ]);
  });

  test('follow each change, and isolating twice is one', async () => {
    const metrics = new MetricsRegistry();
    const world = await openedWorld({}, { metrics });
    world.clock.advance(5_000);
    await world.calls(1, 'fail');
    world.breaker.isolate('maintenance');
    world.breaker.isolate('maintenance');
    expect(await shown(metrics)).toEqual([
      'trading_circuit_breaker_state{target="venue",state="closed"} 0',
      'trading_circuit_breaker_state{target="venue",state="open"} 0',
      'trading_circuit_breaker_state{target="venue",state="half-open"} 0',
      'trading_circuit_breaker_state{target="venue",state="isolated"} 1',
      'trading_circuit_breaker_transitions_total{target="venue",to="closed"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="open"} 2',
      'trading_circuit_breaker_transitions_total{target="venue",to="half-open"} 1',
      'trading_circuit_breaker_transitions_total{target="venue",to="isolated"} 1',
    ]);
  });

  test('of two breakers stand side by side', async () => {
    const metrics = new MetricsRegistry();
    await openedWorld({ name: 'a' }, { metrics });
    new CircuitWorld({ name: 'b' }, { metrics });
    const text = await metrics.exposition();
    expect(text).toContain('trading_circuit_breaker_state{target="a",state="open"} 1');
    expect(text).toContain('trading_circuit_breaker_state{target="b",state="open"} 0');
  });
});
