import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { ServerClock } from '../../../src/resilience/fetcher/server-clock.ts';

describe('ServerClock', () => {
  test('knows nothing before the first answer', () => {
    expect(new ServerClock().offset).toBeUndefined();
  });

  test('one answer bounds the offset by its second and its way', () => {
    const clock = new ServerClock();
    clock.observe(10_000, 9_400, 9_500);
    // the server wrote 10.000 to 10.999 somewhere between 9.400 and 9.500 of ours
    expect(clock.offset).toEqual({ offsetMs: 1_050, uncertaintyMs: 550 });
  });

  test('answers around the change of a second narrow it to the way of the answers', () => {
    const clock = new ServerClock();
    clock.observe(10_000, 10_895, 10_900); // ours 10.9, theirs still in second 10
    clock.observe(11_000, 11_000, 11_005); // theirs in second 11 at once
    expect(clock.offset).toEqual({ offsetMs: 50, uncertaintyMs: 55 });
  });

  test('one answer that contradicts the others changes nothing: a proxy in between may have written it', () => {
    const clock = new ServerClock();
    clock.observe(10_000, 10_100, 10_110);
    const before = clock.offset;
    clock.observe(70_000, 10_200, 10_210);
    clock.observe(70_000, 10_300, 10_310);
    expect(clock.offset).toEqual(before);
    clock.observe(10_000, 10_400, 10_410);
    clock.observe(70_000, 10_500, 10_510);
    clock.observe(70_000, 10_600, 10_610);
    expect(clock.offset?.offsetMs).toBeLessThan(1_000);
  });

  test('starts anew with the third in a row: a clock was set', () => {
    const clock = new ServerClock();
    clock.observe(10_000, 10_100, 10_110);
    clock.observe(70_000, 10_180, 10_190);
    clock.observe(70_000, 10_190, 10_200);
    clock.observe(70_000, 10_200, 10_210);
    expect(clock.offset).toEqual({ offsetMs: 60_295, uncertaintyMs: 505 });
  });

  test.each([
    ['no date', NaN, 1_000, 1_010],
    ['our clock set back by more than the second between sending and receipt', 10_000, 10_000, 8_000],
  ])('leaves out an answer with %s', (_, dateMs, sentMs, receivedMs) => {
    const clock = new ServerClock();
    clock.observe(dateMs, sentMs, receivedMs);
    expect(clock.offset).toBeUndefined();
  });

  test('forgets old answers, so that a clock that drifts is followed', () => {
    const clock = new ServerClock();
    for (let i = 0; i < 2_000; i += 1) {
      const nowMs = 1_000_000 + i * 250;
      const serverMs = nowMs + i * 0.5; // a second in 500 answers
      clock.observe(Math.floor(serverMs / 1_000) * 1_000, nowMs - 5, nowMs);
    }
    const { offsetMs, uncertaintyMs } = clock.offset ?? { offsetMs: NaN, uncertaintyMs: NaN };
    expect(Math.abs(offsetMs - 1_000)).toBeLessThanOrEqual(uncertaintyMs + 64 * 0.5);
  });

  property.prop([
    fc.integer({ min: -100_000, max: 100_000 }),
    fc.array(fc.record({ waitMs: fc.nat(5_000), outMs: fc.nat(300), backMs: fc.nat(300) }), {
      minLength: 1,
      maxLength: 60,
    }),
  ])('the true offset is never further away than it says', (offsetMs, answers) => {
    const clock = new ServerClock();
    let nowMs = 1_700_000_000_123;
    for (const { waitMs, outMs, backMs } of answers) {
      const sentMs = nowMs + waitMs;
      const serverMs = sentMs + outMs + offsetMs;
      nowMs = sentMs + outMs + backMs;
      clock.observe(Math.floor(serverMs / 1_000) * 1_000, sentMs, nowMs);
    }
    const seen = clock.offset ?? { offsetMs: NaN, uncertaintyMs: NaN };
    expect(Math.abs(seen.offsetMs - offsetMs)).toBeLessThanOrEqual(seen.uncertaintyMs);
  });
});
