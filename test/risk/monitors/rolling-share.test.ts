import { describe, expect, test } from 'vitest';
import { RollingShare } from '../../../src/risk/monitors/rolling-share.ts';

describe('RollingShare', () => {
  test('counts things and hits', () => {
    const share = new RollingShare(1_000);
    share.add(true, 0);
    share.add(false, 10);
    expect(share.read(10)).toEqual({ count: 2, hits: 1 });
  });

  test('what is exactly a window old still counts, a slot later no more', () => {
    const share = new RollingShare(1_000);
    share.add(true, 0);
    expect([share.read(1_000).count, share.read(1_050).count]).toEqual([1, 0]);
  });

  test.each(Array.from({ length: 45 }, (_, i) => 1_050 + i * 50))(
    'nothing is left after a silence of %d ms, wherever the ring stands',
    (ms) => {
      const share = new RollingShare(1_000);
      for (let at = 0; at <= 1_000; at += 50) share.add(true, at);
      share.add(false, 1_000 + ms);
      expect(share.read(1_000 + ms)).toEqual({ count: 1, hits: 0 });
    },
  );

  test('a time before the last is counted with the last', () => {
    const share = new RollingShare(1_000);
    share.add(true, 5_000);
    share.add(true, 0);
    expect(share.read(5_000)).toEqual({ count: 2, hits: 2 });
  });
});
