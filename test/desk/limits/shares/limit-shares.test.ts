import { describe, expect, test } from 'vitest';
import { system } from '../../../../src/core/index.ts';
import { shareLimits } from '../../../../src/desk/index.ts';
import { ANN, limitWorld } from '../../support/limit-world.ts';
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

  test('while the store is away a desk starts with the last share known here', async () => {
    const world = new ShareWorld();
    await world.shareOut();
    await (await world.open('a')).shares.close();
    world.inForce.clear();
    world.isAway = true;
    const [known, unknown] = [await world.open('a'), await world.open('b')];
    expect([
      known.shares.inForce,
      known.killSwitch.tradingState(),
      unknown.killSwitch.tradingState(),
    ]).toEqual([amounts(50), 'active', 'reducing']);
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

  test('stands in the guard as limits of the firm scope, beside its others', async () => {
    const { control } = await limitWorld();
    await shareLimits(control).apply({ maxTotalExposure: '40', maxDailyLoss: '5' }, why);
    await shareLimits(control).apply({ maxTotalExposure: '30' }, why);
    expect(control.limits.risk['scopes']).toEqual([
      { scope: { kind: 'firm' }, maxDailyLoss: '5', maxTotalExposure: '30' },
    ]);
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
