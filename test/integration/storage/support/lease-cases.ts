import { expect, test } from 'vitest';
import { type Contenders, TTL_MS, nowMs } from './contenders.ts';

/** What a lease promises between processes, whatever server its store is on. */
export function leaseCases(contenders: () => Contenders): void {
  test('its holder killed, another has it once its time is over', async () => {
    const contest = await contenders().contend();
    const before = await contest.holder();
    const killedMs = nowMs();
    before.member.kill('SIGKILL');
    const after = await contest.holder(before.token);
    expect(after.member.owner).not.toBe(before.member.owner);
    console.log(`held by another ${(after.atMs - killedMs).toFixed(0)} ms after the kill, ttl ${TTL_MS} ms`);
    contest.expectOneAtATime();
  });

  test('its holder stopped for longer than its time, it is over there in the first tick after', async () => {
    const contest = await contenders().contend();
    const before = await contest.holder();
    before.member.kill('SIGSTOP');
    try {
      const after = await contest.holder(before.token);
      expect(after.member.owner).not.toBe(before.member.owner);
    } finally {
      before.member.kill('SIGCONT');
    }
    // Whichever comes first: the timers of the lease, or our look.
    const first = await contest.said(before.member.owner, ['over', 'held on', 'lost'], before.token);
    expect(first.said).not.toBe('held on');
    contest.expectOneAtATime();
  });

  test('let go of, another has it at once, told by its announcement', async () => {
    const contest = await contenders().contend();
    const before = await contest.holder();
    before.member.tell(`release ${contest.name}`);
    const { atMs: releasedMs = NaN } = await contest.said(before.member.owner, ['releases'], before.token);
    const after = await contest.holder(before.token);
    expect(after.member.owner).not.toBe(before.member.owner);
    console.log(`held by another ${(after.atMs - releasedMs).toFixed(0)} ms after the release`);
    contest.expectOneAtATime();
  });
}
