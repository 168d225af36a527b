import { describe, expect, test } from 'vitest';
import { callerOf, personOf } from '../../../services/caller.ts';

const config = {
  tokens: [
    { token: 'token-of-ada-lovelace', id: 'ada', kind: 'person' as const },
    { token: 'token-of-the-robot', id: 'robot', kind: 'system' as const },
  ],
};
const asking = (authorization?: string) => ({
  headers: { ...(authorization !== undefined && { authorization }) },
});

describe('callerOf', () => {
  test('is the one whose token it is', () => {
    expect(callerOf(config, asking('Bearer token-of-ada-lovelace'))).toEqual({ kind: 'person', id: 'ada' });
    expect(callerOf(config, asking('bearer token-of-the-robot'))).toEqual({ kind: 'system', id: 'robot' });
  });

  test.each([
    undefined,
    '',
    'token-of-ada-lovelace',
    'Basic token-of-ada-lovelace',
    'Bearer other',
    'Bearer token-of-ada',
  ])('knows nobody by %j', (authorization) => {
    expect(() => callerOf(config, asking(authorization))).toThrow(/bearer token/);
  });

  test('is a part of the system where nobody has a token', () => {
    expect(callerOf({ tokens: [] }, asking())).toEqual({ kind: 'system', id: 'local' });
  });
});

describe('personOf', () => {
  test('is a person, nobody else', () => {
    expect(personOf(config, asking('Bearer token-of-ada-lovelace'))).toEqual({ kind: 'person', id: 'ada' });
    expect(() => personOf(config, asking('Bearer token-of-the-robot'))).toThrow(/of a person/);
    expect(() => personOf({ tokens: [] }, asking('Bearer token-of-ada-lovelace'))).toThrow(/of a person/);
    expect(() => personOf(config, asking())).toThrow(/bearer token/);
  });
});
