import { describe, expect, test, vi } from 'vitest';
import { Acknowledger } from '../../../src/adapters/redis/acknowledger.ts';
import { nextTurn } from '../../../src/core/clock.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { silentLogger } from '../../../src/telemetry/index.ts';

function world() {
  const clock = new ManualClock();
  const acknowledge = vi.fn((_ids: readonly string[]): Promise<boolean> => Promise.resolve(true));
  const warn = vi.fn();
  const acks = new Acknowledger({ clock, acknowledge, logger: { ...silentLogger, warn } });
  return { clock, acknowledge, warn, acks };
}

describe('Acknowledger', () => {
  test('sends what is done in one tick together, and what is done meanwhile next', async () => {
    const { acks, acknowledge } = world();
    const answers: ((isOurs: boolean) => void)[] = [];
    acknowledge.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    acks.add('1-0');
    acks.add('2-0');
    await nextTurn();
    acks.add('3-0');
    acks.add('4-0');
    await nextTurn();
    expect(acknowledge.mock.calls).toEqual([[['1-0', '2-0']]]);
    answers.shift()?.(true);
    await nextTurn();
    expect(acknowledge.mock.calls.slice(1)).toEqual([[['3-0', '4-0']]]);
    expect(acks.waiting).toEqual(['3-0', '4-0']);
  });

  test('sends 1,000 at most in one piece', async () => {
    const { acks, acknowledge } = world();
    for (let n = 0; n < 1001; n++) acks.add(`${n}-0`);
    await acks.flush();
    expect(acknowledge.mock.calls.map(([ids]) => ids.length)).toEqual([1000, 1]);
  });

  test('sends again what failed, and says once why where the server says no', async () => {
    const { acks, acknowledge, clock, warn } = world();
    const no = new Error('NOPERM this user has no permissions');
    acknowledge.mockRejectedValueOnce(no).mockRejectedValueOnce(no);
    acks.add('1-0');
    for (let times = 0; times < 2; times++) {
      await nextTurn();
      clock.advance(200);
    }
    await acks.flush();
    expect(acknowledge).toHaveBeenCalledTimes(3);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(acks.waiting).toEqual([]);
  });

  test('keeps what was not told once the lease is another one’s', async () => {
    const { acks, acknowledge } = world();
    acknowledge.mockResolvedValueOnce(false);
    acks.add('1-0');
    await acks.flush();
    expect(acknowledge).toHaveBeenCalledTimes(1);
    expect(acks.waiting).toEqual(['1-0']);
  });

  test('sends nothing more when it is closed', async () => {
    const { acks, acknowledge, clock } = world();
    acknowledge.mockRejectedValue(new Error('away'));
    acks.add('1-0');
    await nextTurn();
    acks.close();
    await acks.flush();
    clock.advance(10_000);
    await nextTurn();
    expect(acknowledge).toHaveBeenCalledTimes(1);
  });
});
