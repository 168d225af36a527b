import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { HttpTransport, ResilientFeed } from '../../src/resilience/index.ts';

const clock = new ManualClock();

const feedWith = (socket: object): unknown =>
  new ResilientFeed(
    { source: 'venue', socket },
    {
      clock,
      protocol: { url: () => '', subscribe: () => [], decode: () => ({ kind: 'control' as const }) },
    },
  );

const makers: [string, (tls: object) => unknown][] = [
  ['ResilientFeed', (tls) => feedWith({ tls })],
  ['HttpTransport', (tls) => new HttpTransport({ tls }, { clock })],
];

/** All that an error shows to who prints it. */
function shown(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    return inspect(error, { depth: 5 });
  }
  throw new Error('nothing was thrown');
}

describe.each(makers)('the TLS options of a %s', (_, make) => {
  test.each([
    ['a misspelt field', { Key: 'hunter2' }, 'Key'],
    ['a field that is not of its type', { key: 'hunter2', passphrase: 77_777 }, 'passphrase'],
    ['an option that would trust everybody', { rejectUnauthorized: false }, 'rejectUnauthorized'],
    ['a key that is none', { cert: 'garbage', key: 'hunter2' }, 'not PEM'],
    ['an authority that is none', { ca: 'hunter2' }, 'not PEM'],
    ['an empty authority', { ca: '' }, 'ca'],
  ])('%s is refused when it is made, without a secret', (_name, tls, names) => {
    const text = shown(() => make(tls));
    expect(text).toContain(names);
    expect(text).not.toMatch(/hunter2|77777|77_777/);
  });
});

describe('the socket options of a ResilientFeed', () => {
  test.each([
    ['a misspelt field', { header: { Authorization: 'Bearer hunter2' } }, 'header'],
    ['a misspelt field beside a secret', { tls: { passphrase: 'hunter2' }, headerz: 1 }, 'headerz'],
    ['a header that is no text', { headers: { 'X-API-KEY': ['hunter2'] } }, 'headers.X-API-KEY'],
    ['a header that cannot be sent', { headers: { 'X-A': 'hunter2\nb' } }, 'headers.X-A: expected a header'],
    ['a name that cannot be sent', { headers: { 'X A': 'hunter2' } }, 'headers.X A: expected a header'],
  ])('%s is refused when it is made, without a secret', (_, socket, names) => {
    const text = shown(() => feedWith(socket));
    expect(text).toContain(names);
    expect(text).not.toContain('hunter2');
  });

  test('headers that can be sent are taken', () => {
    expect(() => feedWith({ headers: { 'X-API-KEY': 'a b' } })).not.toThrow();
  });
});
