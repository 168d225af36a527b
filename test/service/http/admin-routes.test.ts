import { describe, expect, test } from 'vitest';
import { PortcullisError, type Principal, person } from '../../../src/core/index.ts';
import { addAdminRoutes, type AdminDeps } from '../../../src/service/http/admin-routes.ts';
import type { AuthenticationRequest, ConfigLine } from '../../../src/service/index.ts';
import { FlagControl } from '../../../src/service/index.ts';
import { fileWorld, ListedAudit, OFF } from '../flags/support.ts';
import { as, problem, problemIn, serving } from './support.ts';

const ANNA = { authorization: 'Bearer anna', 'x-correlation-id': 'c1' };
const ROUTES = [
  ['GET', '/admin/config'],
  ['GET', '/admin/log-level'],
  ['PUT', '/admin/log-level'],
  ['GET', '/admin/flags'],
  ['PUT', '/admin/flags/new-router'],
] as const;

const LINES: readonly ConfigLine[] = [
  {
    path: 'service.port',
    value: 8080,
    source: 'environment PORT',
    overrode: [{ value: 0, source: 'default' }],
  },
  { path: 'apiKey', value: '[redacted]', source: 'file a.json', overrode: [], reference: 'file:/run/key' },
];

/** Only Anna is known. */
const known = ({ headers }: AuthenticationRequest): Principal | undefined =>
  headers['authorization'] === ANNA.authorization ? person('anna') : undefined;

/** Routes for operators, on a listener of their own, unless told otherwise; with one flag in a file. */
async function operated(overrides: Partial<AdminDeps> = {}) {
  const { provider, path } = await fileWorld({ 'new-router': OFF });
  await provider.initialize();
  const audit = new ListedAudit();
  const config = { profile: 'heavy', hash: 'abc', explain: () => LINES };
  const world = serving(undefined, {
    admin: true,
    adminRoutes: (app, { clock, log }) => {
      addAdminRoutes(app, {
        authenticator: { authenticate: known },
        ...{ clock, log, ownLog: log, audit, config },
        flags: provider,
        flagControl: new FlagControl({ flags: provider }),
        ...overrides,
      });
    },
  });
  const ask = (
    method: 'GET' | 'PUT' | 'HEAD',
    url: string,
    payload?: object,
    headers: Record<string, string> = ANNA,
  ) => world.ask({ method, url, headers, admin: true, ...(payload !== undefined && { payload }) });
  return { ...world, ask, askPublic: world.ask, audit, provider, path };
}

describe('without a known caller', () => {
  test.each(ROUTES)('%s %s is 401, says what to bring, and changes nothing', async (method, url) => {
    const { ask, audit, log } = await operated();
    const answer = await ask(method, url, method === 'PUT' ? { level: 'error' } : undefined, {
      'x-correlation-id': 'c1',
    });
    expect(problemIn(answer)).toEqual(
      problem(401, {
        title: 'Unauthorized',
        detail: 'expected the credentials of an operator',
        instance: url,
        correlationId: 'c1',
      }),
    );
    expect([answer.headers['www-authenticate'], answer.headers['cache-control']]).toEqual([
      'Bearer',
      'no-store',
    ]);
    expect([audit.events, log.level]).toEqual([[], 'debug']);
  });

  test('HEAD is 401 as well', async () => {
    const { ask } = await operated();
    expect((await ask('HEAD', '/admin/config', undefined, {})).status).toBe(401);
  });

  test('the authenticator says what to bring', async () => {
    const { ask } = await operated({
      authenticator: { challenge: 'Basic realm="ops"', authenticate: () => undefined },
    });
    expect((await ask('GET', '/admin/config')).headers['www-authenticate']).toBe('Basic realm="ops"');
  });

  test.each([
    [null],
    [{}],
    [{ kind: 'person' }],
    [{ kind: 'person', id: '' }],
    [{ kind: 'person', id: ' ' }],
    [{ kind: 'person', id: 7 }],
    [{ kind: 'robot', id: 'r2' }],
    ['anna'],
    [true],
  ])('%j is nobody', async (answer) => {
    const { ask } = await operated({ authenticator: { authenticate: () => answer as never } });
    expect((await ask('GET', '/admin/config')).status).toBe(401);
  });
});

describe('the authenticator', () => {
  test('sees headers and address of the other end', async () => {
    const seen: AuthenticationRequest[] = [];
    const authenticate = (request: AuthenticationRequest) => void seen.push(request);
    const { ask } = await operated({ authenticator: { authenticate } });
    await ask('GET', '/admin/config', undefined, { 'x-forwarded-for': '10.9.9.9', ...ANNA });
    expect(seen).toEqual([{ headers: expect.objectContaining(ANNA) as object, remoteAddress: '127.0.0.1' }]);
  });

  test('may take its time', async () => {
    const { ask } = await operated({ authenticator: { authenticate: async (request) => known(request) } });
    expect((await ask('GET', '/admin/config')).status).toBe(200);
  });

  const busy = problem(503, {
    title: 'Service Unavailable',
    detail: 'nobody can tell at the moment who asks',
    instance: '/admin/config',
    correlationId: 'c1',
  });

  test('lets nobody in when it throws, and only the log says why', async () => {
    const { ask, lines } = await operated({
      authenticator: {
        authenticate: () => {
          throw new Error('LDAP at 10.0.0.7 is gone');
        },
      },
    });
    expect(problemIn(await ask('GET', '/admin/config'))).toEqual(busy);
    expect(lines[0]).toMatchObject({ level: 'error', err: { message: 'LDAP at 10.0.0.7 is gone' } });
  });

  test('lets nobody in when it does not answer for five seconds', async () => {
    const called = Promise.withResolvers<undefined>();
    const { ask, clock } = await operated({
      authenticator: {
        authenticate: () => {
          called.resolve(undefined);
          return new Promise(() => undefined);
        },
      },
    });
    const answer = ask('GET', '/admin/config');
    await called.promise;
    clock.advance(5000);
    expect(problemIn(await answer)).toEqual(busy);
  });
});

describe('/admin/config', () => {
  test('is every value and where it comes from', async () => {
    const { ask } = await operated();
    const answer = await ask('GET', '/admin/config');
    expect([answer.status, answer.headers['cache-control'], answer.json()]).toEqual([
      200,
      'no-store',
      { profile: 'heavy', hash: 'abc', lines: LINES },
    ]);
  });

  test('leaves out a profile that was not chosen', async () => {
    const { ask } = await operated({ config: { profile: undefined, hash: 'abc', explain: () => [] } });
    expect((await ask('GET', '/admin/config')).json()).toEqual({ hash: 'abc', lines: [] });
  });
});

describe('/admin/log-level', () => {
  const change = { level: 'warn', reason: 'too much of it' };

  test('is that of the service, and can be changed: on record first, with who and why', async () => {
    const { ask, audit, log } = await operated();
    expect((await ask('GET', '/admin/log-level')).json()).toEqual({ level: 'debug' });
    const answer = await ask('PUT', '/admin/log-level', change);
    expect([answer.status, answer.json(), log.level]).toEqual([200, { level: 'warn' }, 'warn']);
    expect(audit.events).toEqual([
      {
        kind: 'log-level.changed',
        by: person('anna'),
        reason: 'too much of it',
        from: 'debug',
        to: 'warn',
      },
    ]);
  });

  test('that is so already is no change', async () => {
    const { ask, audit } = await operated();
    expect((await ask('PUT', '/admin/log-level', { ...change, level: 'debug' })).status).toBe(200);
    expect(audit.events).toEqual([]);
  });

  test('stays when the audit log does not take the change', async () => {
    const { ask, audit, log, lines } = await operated();
    audit.down = true;
    const answer = await ask('PUT', '/admin/log-level', change);
    expect(problemIn(answer)).toEqual(
      problem(503, {
        title: 'Service Unavailable',
        detail: 'the audit log does not take it',
        instance: '/admin/log-level',
        correlationId: 'c1',
      }),
    );
    expect(log.level).toBe('debug');
    expect(lines[0]).toMatchObject({ level: 'error', err: { message: 'no room' } });
  });

  test.each([
    [{ level: 'loud', reason: 'x' }, ['body/level']],
    [{ level: 'warn' }, ['body/reason']],
    [{ level: 'warn', reason: '  ' }, ['body/reason']],
    [{ level: 'warn', reason: 'x'.repeat(501) }, ['body/reason']],
    [{ level: 'warn', reason: 'x', by: 'bob' }, ['body']],
  ])('refuses %j', async (payload, where) => {
    const { ask, log } = await operated();
    const answer = await ask('PUT', '/admin/log-level', payload);
    const { issues } = answer.json() as { issues: { at: string }[] };
    expect([answer.status, issues.map(({ at }) => at), log.level]).toEqual([400, where, 'debug']);
  });

  test.each(['GET', 'PUT'] as const)('%s is not there for a logger that was injected', async (method) => {
    const { ask } = await operated({ ownLog: undefined });
    expect((await ask(method, '/admin/log-level', method === 'PUT' ? change : undefined)).status).toBe(404);
  });
});

describe('/admin/flags', () => {
  const url = '/admin/flags/new-router';
  const change = { value: true, reason: 'it was tested' };

  test('is every flag as defined', async () => {
    const { ask } = await operated();
    expect((await ask('GET', '/admin/flags')).json()).toEqual({
      flags: { 'new-router': { type: 'boolean', default: false } },
    });
  });

  test('gives everybody a value: in force, and on record with who and why', async () => {
    const { ask, provider } = await operated();
    const answer = await ask('PUT', url, change);
    const definition = { type: 'boolean', default: false, enabled: true, pinned: true };
    expect([answer.status, answer.json()]).toEqual([200, { flag: 'new-router', definition }]);
    expect(await provider.resolveBooleanEvaluation('new-router', false)).toMatchObject({ value: true });
    expect((await ask('GET', '/admin/flags')).json()).toEqual({ flags: { 'new-router': definition } });
  });

  test('names the caller in the audit log', async () => {
    const { provider, audit } = await fileWorld({ 'new-router': OFF });
    await provider.initialize();
    const { ask } = await operated({ flags: provider, flagControl: new FlagControl({ flags: provider }) });
    await ask('PUT', url, change);
    expect(audit.events).toEqual([
      expect.objectContaining({ kind: 'flags.changed', by: person('anna'), reason: 'it was tested' }),
    ]);
  });

  test.each([
    ['FLAG_UNKNOWN', 404, 'Not Found'],
    ['INPUT_INVALID', 400, 'Bad Request'],
    ['FLAG_CHANGE_REFUSED', 503, 'Service Unavailable'],
    ['SERVICE_STOPPED', 503, 'Service Unavailable'],
  ] as const)('answers %s with %i and its message', async (code, status, title) => {
    const flagControl = { set: () => Promise.reject(new PortcullisError(code, 'as it is')) };
    const { ask } = await operated({ flagControl: flagControl as never });
    expect(problemIn(await ask('PUT', url, change))).toEqual(
      problem(status, { title, detail: 'as it is', instance: url, correlationId: 'c1' }),
    );
  });

  test.each([
    ['a code that is none of these', new PortcullisError('NUMBER_INVALID', 'x')],
    ['any other error', new Error('x')],
  ])('answers %s with 500 and no message', async (_, error) => {
    const { ask } = await operated({ flagControl: { set: () => Promise.reject(error) } as never });
    expect(problemIn(await ask('PUT', url, change))).toEqual(
      problem(500, { title: 'Internal Server Error', instance: url, correlationId: 'c1' }),
    );
  });

  test('refuses a flag that nobody has defined, and a value of another type', async () => {
    const { ask } = await operated();
    const unknown = await ask('PUT', '/admin/flags/old-router', change);
    const wrong = await ask('PUT', url, { ...change, value: 'yes' });
    expect([unknown.status, wrong.status]).toEqual([404, 400]);
  });

  test('refuses a change without a reason or a value', async () => {
    const { ask } = await operated();
    const answers = [await ask('PUT', url, { value: true }), await ask('PUT', url, { reason: 'x' })];
    expect(answers.map(({ status }) => status)).toEqual([400, 400]);
  });

  test('are listed but not changed where they stand in no file', async () => {
    const { ask } = await operated({ flagControl: undefined });
    expect([(await ask('GET', '/admin/flags')).status, (await ask('PUT', url, change)).status]).toEqual([
      200, 404,
    ]);
  });

  test('are not there where the client was injected', async () => {
    const { ask } = await operated({ flags: undefined });
    expect([(await ask('GET', '/admin/flags')).status, (await ask('PUT', url, change)).status]).toEqual([
      404, 404,
    ]);
  });
});

describe('the listener for operators', () => {
  test.each(ROUTES)('alone has %s %s', async (method, url) => {
    const { askPublic } = await operated();
    const answer = await askPublic({ method, url, headers: ANNA });
    expect(answer.status).toBe(404);
  });

  test('answers them while the service starts, and with too much to do', async () => {
    const { ask, box, loop, clock } = await operated();
    box.state = 'starting';
    loop.delayMs = 60_000;
    clock.advance(500);
    expect((await ask('GET', '/admin/config')).status).toBe(200);
  });

  test('has none of them that the documentation tells of', async () => {
    const { askPublic } = await operated();
    const document = (await askPublic({ url: '/openapi.json', admin: true, ...as('c') })).json();
    expect(document).toMatchObject({ paths: {} });
  });
});
