import { describe, expect, test } from 'vitest';
import { Turns } from '../../src/storage/turns.ts';

describe('Turns', () => {
  test('the next begins when the one before it has ended', async () => {
    const turns = new Turns();
    const said: string[] = [];
    const gate = Promise.withResolvers<undefined>();
    const first = turns.take(async () => {
      said.push('first begins');
      await gate.promise;
      said.push('first ends');
    });
    const second = turns.take(() => {
      said.push('second');
      return 2;
    });
    await Promise.resolve();
    expect(said).toEqual(['first begins']);
    gate.resolve(undefined);
    expect([await first, await second, said]).toEqual([
      undefined,
      2,
      ['first begins', 'first ends', 'second'],
    ]);
  });

  test('one that fails tells who asked for it, and nobody else', async () => {
    const turns = new Turns();
    const failing = turns.take(() => Promise.reject(new Error('broken')));
    const throwing = turns.take(() => {
      throw new Error('thrown');
    });
    const next = turns.take(() => 'done');
    await expect(failing).rejects.toThrow('broken');
    await expect(throwing).rejects.toThrow('thrown');
    expect(await next).toBe('done');
  });

  test('is settled when all that was asked for is over, failed or not', async () => {
    const turns = new Turns();
    const gate = Promise.withResolvers<undefined>();
    const failing = turns.take(() => gate.promise.then(() => Promise.reject(new Error('broken'))));
    let isSettled = false;
    const settled = turns.settled().then(() => (isSettled = true));
    await Promise.resolve();
    expect(isSettled).toBe(false);
    gate.resolve(undefined);
    await expect(failing).rejects.toThrow('broken');
    await settled;
    expect(isSettled).toBe(true);
  });
});
