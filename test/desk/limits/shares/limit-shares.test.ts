import { describe, expect, test } from 'vitest';
import { system } from '../../../../src/core/index.ts';
import type { LimitShares } from '../../../../src/desk/index.ts';
import { ANN } from '../../support/limit-world.ts';
import { ShareWorld, amounts } from './support.ts';

const why = { by: ANN, reason: 'b trades more today' };
const move = { from: 'a', to: 'b', amounts: amounts(10), ...why };
const firmOf = (amount: number, shares: Readonly<Record<string, number>> = {}) => ({
  firm: amounts(amount),
  shares: Object.fromEntries(Object.entries(shares).map(([desk, share]) => [desk, amounts(share)])),
  ...why,
});
const refusal = (code: string) => expect.objectContaining({ code }) as Error;

describe('LimitShares', () => {
  test('a desk takes its recorded share', async () => {
    const world = new ShareWorld();
    await world.shareOut();
    const { shares, killSwitch } = await world.open('a');
    expect([shares.inForce, world.inForce.get('a'), killSwitch.tradingState()]).toEqual([
      amounts(50),
      50,
      'active',
    ]);
  });

  test('without any share only exits pass, and it says why', async () => {
    const { killSwitch } = await new ShareWorld().open('a');
    expect([killSwitch.tradingState(), killSwitch.whyRestricted()]).toEqual([
      'reducing',
      'firm: no share of the limits of the firm is known: the limits of the firm have not been shared out',
    ]);
  });

  test('while the store is away a desk starts with the last share known in a store that moves with it', async () => {
    const world = new ShareWorld();
    await world.shareOut();
    await (await world.open('a')).shares.close();
    world.inForce.clear();
    world.isAway = true;
    const options = { localFollowsDesk: true };
    const [known, unknown] = [await world.open('a', options), await world.open('b', options)];
    expect([
      known.shares.inForce,
      known.killSwitch.tradingState(),
      unknown.killSwitch.tradingState(),
    ]).toEqual([amounts(50), 'active', 'reducing']);
  });

  test('while the store is away what another disk remembers of the desk is not put in force', async () => {
    const world = new ShareWorld();
    await world.shareOut();
    await (await world.open('a')).shares.close();
    const older = world.disks.get('a') as NonNullable<ReturnType<typeof world.disks.get>>;
    world.disks.delete('a');
    const [a, b] = [await world.open('a'), await world.open('b')];
    await a.shares.move({ ...move, amounts: amounts(40) });
    await b.shares.look();
    world.disks.set('a', older);
    world.isAway = true;
    const { shares, killSwitch } = await world.open('a');
    expect([shares.inForce, shares.error?.code, killSwitch.tradingState(), world.sum]).toEqual([
      undefined,
      'STORE_UNAVAILABLE',
      'reducing',
      80,
    ]);
    world.isAway = false;
    await shares.look();
    expect([shares.inForce, killSwitch.tradingState()]).toEqual([amounts(10), 'active']);
  });

  test('a write to the disk that failed but landed is written over', async () => {
    const world = new ShareWorld();
    await world.shareOut();
    const [a, b] = [await world.open('a'), await world.open('b')];
    const disk = world.disks.get('a') as NonNullable<ReturnType<typeof world.disks.get>>;
    const set = disk.set.bind(disk);
    disk.set = async (...write) => {
      await set(...write);
      throw new Error('the answer was lost');
    };
    await a.shares.move(move);
    disk.set = set;
    await a.shares.cancel(a.shares.record?.moves[0]?.id ?? '', why);
    await b.shares.look();
    const known = (await disk.get('limit-share'))?.value;
    expect([a.shares.inForce, known]).toEqual([amounts(50), expect.objectContaining({ share: amounts(50) })]);
  });

  test('a limit that the desk has no share of is 0', async () => {
    const world = new ShareWorld();
    const { shares } = await world.open();
    const firm = { maxTotalExposure: '100', maxDailyLoss: '10' };
    await shares.shareOut({ firm, shares: { a: amounts(50) }, ...why });
    expect((await world.open('a')).shares.inForce).toEqual({ maxTotalExposure: '50', maxDailyLoss: '0' });
  });

  test('a move lowers the giver at once and raises the taker when it looks; all of it is audited', async () => {
    const world = new ShareWorld();
    await world.shareOut();
    const [a, b] = [await world.open('a'), await world.open('b')];
    await a.shares.move(move);
    expect([...world.inForce]).toEqual([
      ['a', 40],
      ['b', 30],
    ]);
    await b.shares.look();
    expect([...world.inForce]).toEqual([
      ['a', 40],
      ['b', 40],
    ]);
    expect([world.audit.kinds, b.shares.record?.moves]).toEqual([
      [
        'limit-shares.shared-out',
        'limit-shares.move-asked',
        'limit-shares.move-given',
        'limit-shares.move-taken',
      ],
      [],
    ]);
  });

  test('a giver that is not there keeps the move waiting, to be seen and called off', async () => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    const b = await world.open('b');
    const id = await risk.move(move);
    await b.shares.look();
    expect([world.inForce.get('b'), risk.record?.moves]).toEqual([
      30,
      [{ id, ...move, atMs: expect.any(Number) as number, step: 'asked' }],
    ]);
    await risk.cancel(id, why);
    const a = await world.open('a');
    expect([a.shares.inForce, risk.record?.moves]).toEqual([amounts(50), []]);
  });

  test('what was given and is called off goes back', async () => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    const a = await world.open('a');
    const id = await risk.move(move);
    await a.shares.look();
    expect(a.shares.inForce).toEqual(amounts(40));
    await risk.cancel(id, why);
    await a.shares.look();
    expect(a.shares.inForce).toEqual(amounts(50));
  });

  test.each([
    ['by a part of the system', { ...move, by: system('bot') }, 'PRINCIPAL_REQUIRED'],
    ['of more than there is', { ...move, amounts: amounts(51) }, 'INPUT_INVALID'],
    ['of nothing', { ...move, amounts: {} }, 'INPUT_INVALID'],
    ['of less than nothing', { ...move, amounts: amounts(-1) }, 'INPUT_INVALID'],
    ['to a desk without a share', { ...move, to: 'z' }, 'INPUT_INVALID'],
    ['to itself', { ...move, to: 'a' }, 'INPUT_INVALID'],
  ])('refuses a move %s', async (_, order, code) => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    await expect(risk.move(order)).rejects.toThrow(refusal(code));
    expect(risk.record?.moves).toEqual([]);
  });

  test('takes a move of all that is left, and no more besides', async () => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    await risk.move({ ...move, amounts: amounts(50) });
    await expect(risk.move({ ...move, amounts: amounts(1) })).rejects.toThrow(refusal('INPUT_INVALID'));
  });

  test('shares out at most what there is, and once', async () => {
    const world = new ShareWorld();
    const { shares } = await world.open();
    const order = { firm: amounts(10), shares: { a: amounts(6), b: amounts(5) }, ...why };
    await expect(shares.shareOut(order)).rejects.toThrow(refusal('INPUT_INVALID'));
    await shares.shareOut({ ...order, firm: amounts(11) });
    await expect(shares.shareOut({ ...order, firm: amounts(11) })).rejects.toThrow(
      refusal('LIMITS_CONFLICT'),
    );
  });

  test('what the audit log does not take does not happen', async () => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    world.audit.mode = 'refuse';
    await expect(risk.move(move)).rejects.toThrow(refusal('LOG_WRITE_FAILED'));
    expect(risk.record?.moves).toEqual([]);
  });

  test.each([
    ['takes the firm scope out', undefined, 40],
    ['writes more', 60, 40],
    ['writes as much', 40, 40],
    ['writes less', 39, 39],
  ])('the stricter of share and limits is in force when a person %s', async (_, written, expected) => {
    const world = new ShareWorld();
    await world.shareOut();
    const [a] = [await world.open('a'), await world.open('b')];
    await a.shares.move(move);
    await world.write('a', written);
    expect([world.inForce.get('a'), a.shares.inForce]).toEqual([expected, amounts(40)]);
  });

  test('a share that grows loosens nothing that a person has tightened', async () => {
    const world = new ShareWorld();
    await world.shareOut();
    const [a, b] = [await world.open('a'), await world.open('b')];
    await world.write('a', 5);
    await b.shares.move({ ...move, from: 'b', to: 'a' });
    await a.shares.look();
    expect([world.inForce.get('a'), a.shares.inForce]).toEqual([5, amounts(60)]);
    await world.write('a');
    expect(world.inForce.get('a')).toBe(60);
  });
});

describe('LimitShares, the limits of the firm', () => {
  test('are lowered at once for those who are there, and audited; who is not is among the moves until then', async () => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    const [a, b] = [await world.open('a'), await world.open('b')];
    await risk.changeFirm(firmOf(70, { a: 30, b: 20 }));
    await a.shares.look();
    expect([world.inForce.get('a'), world.inForce.get('b')]).toEqual([30, 30]);
    await risk.look();
    expect(risk.record).toMatchObject({
      firm: amounts(70),
      shares: { a: amounts(30), b: amounts(30), c: amounts(20) },
      moves: [{ from: 'b', amounts: amounts(10), step: 'asked' }],
    });
    await b.shares.look();
    await risk.look();
    expect([world.inForce.get('b'), risk.record?.moves, world.audit.kinds]).toEqual([
      20,
      [],
      [
        'limit-shares.shared-out',
        'limit-shares.firm-changed',
        'limit-shares.move-given',
        'limit-shares.move-given',
      ],
    ]);
  });

  test("are raised, also for a desk that had no share, from what is nobody's", async () => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    await risk.changeFirm(firmOf(130, { a: 60, d: 20 }));
    const [a, d] = [await world.open('a'), await world.open('d')];
    expect([a.shares.inForce, d.shares.inForce]).toEqual([amounts(60), amounts(20)]);
  });

  test.each([
    ['shares are more than there is', firmOf(99), 'INPUT_INVALID'],
    ['one grows by what nobody has', firmOf(100, { a: 51 }), 'INPUT_INVALID'],
    ['one grows by what another has yet to give up', firmOf(100, { a: 60, b: 20 }), 'INPUT_INVALID'],
    ['a part of the system asks', { ...firmOf(200), by: system('bot') }, 'PRINCIPAL_REQUIRED'],
    ['nobody says why', { ...firmOf(200), reason: ' ' }, 'PRINCIPAL_REQUIRED'],
  ])('stay as they are when %s', async (_, order, code) => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    await expect(risk.changeFirm(order)).rejects.toThrow(refusal(code));
    await risk.look();
    expect([risk.record?.firm, risk.record?.moves]).toEqual([amounts(100), []]);
  });

  test('what is to be given up is not called off while it would be too much', async () => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    await risk.changeFirm(firmOf(90, { a: 40 }));
    const id = risk.record?.moves[0]?.id ?? '';
    await expect(risk.cancel(id, why)).rejects.toThrow(refusal('INPUT_INVALID'));
    await risk.changeFirm(firmOf(100));
    await risk.cancel(id, why);
    expect((await world.open('a')).shares.inForce).toEqual(amounts(50));
  });
});

describe('LimitShares, a record that was lost', () => {
  const lost = async () => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    const [a, b, c] = [await world.open('a'), await world.open('b'), await world.open('c')];
    await world.server.delete('limit-shares');
    return { world, risk, a, b, c };
  };

  test('is begun anew by the desks, each with what it has in force', async () => {
    const { world, risk, a, b, c } = await lost();
    await a.shares.look();
    await risk.look();
    expect(risk.record).toMatchObject({
      firm: amounts(100),
      shares: { a: amounts(50) },
      missing: ['b', 'c'],
    });
    for (const { shares } of [b, c]) await shares.look();
    await risk.look();
    expect([risk.record, world.sum]).toEqual([
      {
        firm: amounts(100),
        revision: 1,
        shares: { a: amounts(50), b: amounts(30), c: amounts(20) },
        moves: [],
        missing: [],
        writes: { '': 1, a: 1, b: 1, c: 1 },
        by: ANN,
        reason: 'begin',
      },
      100,
    ]);
  });

  test('is completed by a desk that was not there, from its disk', async () => {
    const { world, risk, a, b } = await lost();
    for (const { shares } of [a, b]) await shares.look();
    const c = await world.open('c');
    await c.shares.look();
    expect([c.shares.inForce, c.shares.record?.missing]).toEqual([amounts(20), []]);
    await risk.changeFirm(firmOf(110, { c: 30 }));
    await c.shares.look();
    expect(world.sum).toBe(110);
  });

  test('gives nobody more until all have written, but for those a person names', async () => {
    const { risk, a, b } = await lost();
    for (const { shares } of [a, b]) await shares.look();
    await expect(risk.changeFirm(firmOf(100, { a: 60 }))).rejects.toThrow(refusal('INPUT_INVALID'));
    await risk.changeFirm(firmOf(100, { a: 60, c: 0 }));
    await a.shares.look();
    expect([a.shares.inForce, a.shares.record?.missing]).toEqual([amounts(60), []]);
  });

  test('has the limits of whoever knows the later ones', async () => {
    const { world, risk, a, b, c } = await lost();
    await a.shares.look();
    for (const { shares } of [b, c]) await shares.look();
    await risk.changeFirm(firmOf(120));
    await b.shares.look();
    await world.server.delete('limit-shares');
    for (const { shares } of [a, b, c]) await shares.look();
    expect([c.shares.record?.firm, c.shares.record?.revision, world.sum]).toEqual([amounts(120), 2, 100]);
  });

  test('says nothing to those who never had a share', async () => {
    const { world, risk } = await lost();
    await risk.look();
    expect([risk.error?.message, (await world.open('z')).killSwitch.tradingState()]).toEqual([
      'the limits of the firm have not been shared out',
      'reducing',
    ]);
  });
});

describe('LimitShares, a record that went back', () => {
  const moved = async () => {
    const world = new ShareWorld();
    const risk = await world.shareOut();
    const desks = [await world.open('a'), await world.open('b'), await world.open('c')] as const;
    const [a, b, c] = desks.map(({ shares }) => shares) as [LimitShares, LimitShares, LimitShares];
    const older = (await world.server.get('limit-shares'))?.value as object;
    await a.move({ ...move, amounts: amounts(40) });
    for (const one of [b, a, c]) await one.look();
    const goBack = () => world.server.set('limit-shares', older);
    return { world, risk, a, b, c, goBack };
  };

  test('raises nothing: each desk writes down what it has, and that is audited', async () => {
    const { world, risk, a, b, c, goBack } = await moved();
    await goBack();
    await a.look();
    expect([world.sum, a.inForce, a.record?.missing]).toEqual([100, amounts(10), ['b', 'c']]);
    for (const one of [b, c]) await one.look();
    await risk.look();
    expect(risk.record).toMatchObject({
      shares: { a: amounts(10), b: amounts(70), c: amounts(20) },
      missing: [],
    });
    expect(world.audit.kinds.slice(-3)).toEqual(Array(3).fill('limit-shares.written-back'));
  });

  test('also when it was written more often since than what was lost', async () => {
    const { world, risk, a, b, goBack } = await moved();
    await goBack();
    for (let count = 0; count < 9; count += 1)
      await risk.move({ ...move, from: 'c', to: 'b', amounts: amounts(1) });
    for (const one of [a, b]) await one.look();
    expect([a.inForce, b.inForce, world.sum]).toEqual([amounts(10), amounts(70), 100]);
  });

  test('only exits pass at a desk that starts, until all others have written or a person has changed the limits', async () => {
    const { world, risk, b, c, goBack } = await moved();
    await goBack();
    const { shares: a, killSwitch } = await world.open('a');
    expect([a.inForce, killSwitch.tradingState(), a.error?.message]).toEqual([
      undefined,
      'reducing',
      'the record of the shares was lost or went back, and what "a" had last is not certain',
    ]);
    for (const one of [b, c, a]) await one.look();
    expect([a.inForce, killSwitch.tradingState(), world.sum]).toEqual([amounts(10), 'active', 100]);
    await goBack();
    await risk.changeFirm(firmOf(100));
    await a.look();
    expect(a.inForce).toEqual(amounts(50));
  });

  test('a desk whose share others have written down as theirs takes what is left', async () => {
    const { world, risk, b, c } = await moved();
    await world.server.delete('limit-shares');
    await risk.shareOut({ firm: amounts(100), shares: { a: amounts(50) }, ...why });
    await world.server.set('limit-shares', { ...(risk.record as object), version: 1, missing: ['b', 'c'] });
    for (const one of [c, b]) await one.look();
    expect([c.inForce, b.inForce]).toEqual([amounts(20), amounts(30)]);
  });
});
