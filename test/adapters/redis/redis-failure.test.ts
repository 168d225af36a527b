import { describe, expect, test } from 'vitest';
import { isLost, notNow, replyCode, unavailable } from '../../../src/adapters/redis/redis-failure.ts';
import { PortcullisError } from '../../../src/core/errors.ts';

describe('what a failure of Redis means', () => {
  test.each([
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    'LOADING Redis is loading the dataset in memory',
    'NOAUTH Authentication required.',
    'WRONGPASS invalid username-password pair or user is disabled.',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'CLUSTERDOWN Hash slot not served',
    'NOREPLICAS Not enough good replicas to write.',
    "NOPERM this user has no permissions to run the 'xadd' command",
    'MISCONF Redis is configured to save RDB snapshots',
    'MOVED 3999 127.0.0.1:6381',
    'BUSY Redis is busy running a script.',
    'TRYAGAIN Multiple keys request during rehashing of slot',
  ])('not now: %s', (message) => {
    const code = message.slice(0, message.indexOf(' '));
    expect(notNow(new Error(message))).toMatch(new RegExp(`^${code}: \\S.+`));
  });

  test.each([
    'ERR unknown command',
    'WRONGTYPE Operation',
    'NOGROUP No such key',
    'Socket closed unexpectedly',
    'toString x',
  ])('about the command or the connection: %s', (message) => {
    expect(notNow(new Error(message))).toBeUndefined();
  });

  test.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", 'OOM'],
    ['NOGROUP No such key', 'NOGROUP'],
    ['ERR no such key', 'ERR'],
  ])('finds the reply to a command within a script of Redis 6.2: %s', (message, code) => {
    const within = `ERR Error running script (call to f_0a9a51): @user_script:41: @user_script: 41: -${message}`;
    expect(replyCode(new Error(within))).toBe(code);
  });

  test('a script of Redis 6.2 that fails by itself', () => {
    const message =
      'ERR Error running script (call to f_0a9a51): @user_script:41: attempt to index a nil value';
    expect(replyCode(new Error(message))).toBe('ERR');
  });

  test('tells replies from other errors', () => {
    expect(
      ['NOGROUP No such key', 'GAP', 'The client is closed', 'connect ECONNREFUSED'].map((each) =>
        replyCode(new Error(each)),
      ),
    ).toEqual(['NOGROUP', 'GAP', undefined, undefined]);
    expect(replyCode(new PortcullisError('BUS_UNAVAILABLE', 'GAP of our own'))).toBeUndefined();
  });

  test('a lost connection is ours to say', () => {
    expect([
      isLost(unavailable('x')),
      isLost(new Error('x')),
      isLost(new PortcullisError('BUS_CLOSED', 'x')),
    ]).toEqual([true, false, false]);
  });
});
