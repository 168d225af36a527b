import { describe, expect, test } from 'vitest';
import { PortcullisError, person } from '../../src/core/index.ts';
import type { DeadLetter } from '../../src/events/index.ts';
import { BY_ANNA, BY_NOBODY, eventWorld, problemOf } from './support/world.ts';

const letter = (n: number, group = 'billing'): DeadLetter => ({
  ...{ letterId: `l${n}`, group, topic: 'market', position: String(n), reason: 'ATTEMPTS_EXHAUSTED' },
  ...{ detail: 'no price', attempts: 5, atMs: 1_000 + n, text: `{"id":"e${n}"}` },
});
const PLACE = { group: 'billing', topic: 'market', lag: 3, pending: 1, deadLetters: 2, members: 0 };
type Change = readonly [method: 'DELETE' | 'POST', url: string, payload: object | undefined];
const CHANGES: readonly Change[] = [
  ['DELETE', '/v1/groups/billing?reason=gone', undefined],
  ['POST', '/v1/dead-letters/requeue', { letterIds: ['l1', 'l9'], reason: 'fixed' }],
  ['POST', '/v1/dead-letters/discard', { letterIds: ['l1', 'l9'], reason: 'stale' }],
];

async function withLetters(given: Parameters<typeof eventWorld>[0] = {}) {
  const world = await eventWorld(given);
  world.bus.letters = [letter(1), letter(2, 'audit'), letter(3)];
  world.bus.places = [PLACE, { ...PLACE, topic: 'risk', lag: undefined }];
  const change = ([method, url, payload]: Change, headers: Record<string, string> = BY_ANNA) =>
    world.ask({ method, url, headers, ...(payload !== undefined && { payload }) });
  return { ...world, change };
}

describe('GET /v1/groups', () => {
  test('says where each group stands', async () => {
    const { ask } = await withLetters();
    const { lag: _, ...unknown } = { ...PLACE, topic: 'risk' };
    expect((await ask('/v1/groups')).json()).toEqual({ groups: [PLACE, unknown] });
  });
});

describe('GET /v1/dead-letters', () => {
  test('lists them, the oldest first', async () => {
    const { ask, bus } = await withLetters();
    expect((await ask('/v1/dead-letters')).json()).toEqual({ letters: bus.letters });
  });

  test('page by page', async () => {
    const { ask, bus } = await withLetters();
    const first = (await ask('/v1/dead-letters?limit=2')).json() as { readonly next: string };
    expect(first).toEqual({ letters: bus.letters.slice(0, 2), next: 'l2' });
    expect((await ask(`/v1/dead-letters?limit=2&after=${first.next}`)).json()).toEqual({
      letters: bus.letters.slice(2),
    });
  });

  test('of a group in a topic', async () => {
    const { ask, bus } = await withLetters();
    const answer = await ask('/v1/dead-letters?group=audit&topic=market');
    expect(answer.json()).toEqual({ letters: [letter(2, 'audit')] });
    expect(bus.calls).toEqual(['list {"group":"audit","topic":"market","limit":100}']);
  });

  test.each(['limit=0', 'limit=1001', 'limit=x', 'grp=x'])('?%s is 400', async (query) => {
    const { ask } = await withLetters();
    expect((await ask(`/v1/dead-letters?${query}`)).status).toBe(400);
  });
});

describe('what operators change', () => {
  test('is recorded with who and why, and tells which letters were there', async () => {
    const { change, changes, bus } = await withLetters();
    const answers = await Promise.all(CHANGES.map((each) => change(each)));
    expect(answers.map((answer) => [answer.status, answer.json()])).toEqual([
      [200, { group: 'billing' }],
      [200, { letterIds: ['l1'] }],
      [200, { letterIds: ['l1'] }],
    ]);
    expect(answers.map(({ headers }) => headers['cache-control'])).toEqual(CHANGES.map(() => 'no-store'));
    const by = person('anna');
    expect(changes()).toEqual(
      expect.arrayContaining([
        { kind: 'event-group.dropped', group: 'billing', reason: 'gone', places: bus.places, by },
        { kind: 'dead-letters.requeued', letterIds: ['l1', 'l9'], reason: 'fixed', by },
        { kind: 'dead-letters.discarded', letterIds: ['l1', 'l9'], reason: 'stale', by },
      ]),
    );
  });

  test.each(CHANGES)('%s %s by nobody known is 401, and nothing happens', async (...each) => {
    const { change, changes, bus } = await withLetters();
    const answer = await change(each, BY_NOBODY);
    expect([answer.status, answer.headers['www-authenticate'], changes(), bus.calls]).toEqual([
      401,
      'Bearer',
      [],
      [],
    ]);
  });

  test.each(CHANGES)('%s %s is not there without an authenticator', async (...each) => {
    const ports = { authenticator: undefined as never };
    const { change } = await withLetters({ events: { protect: 'changes' }, ports });
    expect((await change(each)).status).toBe(404);
  });

  test.each(CHANGES)('%s %s is not on the listener for administration', async (method, url, payload) => {
    const { service } = await withLetters({ options: { adminPort: 0 } });
    const request = { method, url, headers: BY_ANNA, ...(payload !== undefined && { payload }) };
    const statuses = [await service.inject({ ...request, admin: true }), await service.inject(request)];
    expect(statuses.map(({ status }) => status)).toEqual([404, 200]);
  });

  test.each(CHANGES)('%s %s does not happen when it cannot be recorded', async (...each) => {
    const { change, audit, bus } = await withLetters();
    audit.down = true;
    expect(problemOf(await change(each))).toMatchObject({
      status: 503,
      detail: 'the audit log does not take it',
    });
    expect(bus.calls.filter((call) => call !== 'groups')).toEqual([]);
  });

  test.each([
    ['DELETE', '/v1/groups/billing', undefined],
    ['DELETE', '/v1/groups/billing?reason=%20', undefined],
    ['POST', '/v1/dead-letters/requeue', { letterIds: ['l1'] }],
    ['POST', '/v1/dead-letters/requeue', { letterIds: [], reason: 'fixed' }],
    ['POST', '/v1/dead-letters/discard', { letterIds: ['l1'], reason: ' ' }],
  ] as const)('%s %s without a reason or a letter is 400', async (method, url, payload) => {
    const { ask, changes, bus } = await withLetters();
    const request = { method, url, headers: BY_ANNA, ...(payload !== undefined && { payload }) };
    expect([(await ask(request)).status, changes(), bus.calls]).toEqual([400, [], []]);
  });

  test('a group that is not there is 404, and nothing is recorded', async () => {
    const { ask, changes } = await withLetters();
    const answer = await ask({ method: 'DELETE', url: '/v1/groups/nosuch?reason=x', headers: BY_ANNA });
    expect([problemOf(answer), changes()]).toMatchObject([
      { status: 404, detail: 'there is no group nosuch' },
      [],
    ]);
  });

  test('a group with members is 409', async () => {
    const { change, bus } = await withLetters();
    bus.canDrop = false;
    expect(problemOf(await change(['DELETE', '/v1/groups/billing?reason=gone', undefined]))).toMatchObject({
      status: 409,
      detail: 'group billing has members at work, or is gone',
    });
  });
});

test.each([
  ['BUS_UNAVAILABLE', 503, 'BUS_UNAVAILABLE: the bus cannot do it now'],
  ['BUS_CLOSED', 503, 'BUS_CLOSED: the bus is closed'],
  ['INPUT_INVALID', 400, 'no room in /var/lib'],
] as const)('%s of the bus is %i: %s', async (code, status, detail) => {
  const { ask, bus, lines } = await withLetters();
  bus.failure = new PortcullisError(code, 'no room in /var/lib');
  expect(problemOf(await ask('/v1/groups'))).toMatchObject({ status, detail });
  expect(lines.includes('warn the bus cannot do what was asked')).toBe(status === 503);
});

test('any other failure of the bus is 500, and says nothing', async () => {
  const { ask, bus } = await withLetters();
  bus.failure = new Error('secret');
  const answer = await ask('/v1/groups');
  expect([answer.status, answer.body.includes('secret')]).toEqual([500, false]);
});
