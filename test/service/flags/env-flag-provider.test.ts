import { ErrorCode } from '@openfeature/server-sdk';
import { describe, expect, test } from 'vitest';
import { EnvFlagProvider, openFlags } from '../../../src/service/index.ts';

const provider = (env: Record<string, string | undefined>): EnvFlagProvider => new EnvFlagProvider({ env });

describe('EnvFlagProvider', () => {
  test('reads FLAG_NEW_ROUTER as new-router', async () => {
    expect(await provider({ FLAG_NEW_ROUTER: 'true' }).resolveBooleanEvaluation('new-router', false)).toEqual(
      {
        value: true,
        variant: 'on',
        reason: 'STATIC',
      },
    );
  });

  test.each([
    ['true', true],
    ['TRUE', true],
    ['on', true],
    ['1', true],
    ['false', false],
    ['off', false],
    ['0', false],
  ])('reads %s as a boolean', async (text, value) => {
    expect(await provider({ FLAG_X: text }).resolveBooleanEvaluation('x', !value)).toMatchObject({
      value,
      reason: 'STATIC',
    });
  });

  test.each([
    ['1', 1],
    ['-2.5', -2.5],
    ['1e3', 1000],
  ])('reads %s as a number', async (text, value) => {
    expect(await provider({ FLAG_X: text }).resolveNumberEvaluation('x', 0)).toMatchObject({
      value,
      variant: 'default',
    });
  });

  test('reads any text as a string, and JSON as an object', async () => {
    const env = provider({ FLAG_A: '17', FLAG_B: '{"depth":[1,2]}' });
    expect(await env.resolveStringEvaluation('a', '')).toMatchObject({ value: '17' });
    expect(await env.resolveObjectEvaluation('b', {})).toMatchObject({ value: { depth: [1, 2] } });
    expect(await env.resolveStringEvaluation('b', '')).toMatchObject({ value: '{"depth":[1,2]}' });
  });

  test.each(['maybe', '1e999', '0x10', ' 1', '{', 'null'])(
    'keeps the default of the code for %j as a number',
    async (text) => {
      expect(await provider({ FLAG_X: text }).resolveNumberEvaluation('x', 5)).toEqual({
        value: 5,
        reason: 'ERROR',
        errorCode: ErrorCode.TYPE_MISMATCH,
        errorMessage: expect.stringContaining('flag x is a') as string,
      });
    },
  );

  test('takes an empty variable, and one without the prefix, for none', async () => {
    const env = provider({ FLAG_X: '', FLAG_Y: undefined, X: 'true', MY_FLAG_X: 'true' });
    expect([...env.flags.keys()]).toEqual([]);
    expect(await env.resolveBooleanEvaluation('x', true)).toEqual({
      value: true,
      reason: 'ERROR',
      errorCode: ErrorCode.FLAG_NOT_FOUND,
      errorMessage: 'flag x is not configured',
    });
  });

  test('shows each flag as the narrowest type', () => {
    const { flags } = provider({ FLAG_A: 'on', FLAG_B: '1', FLAG_C: '[]', FLAG_D: 'text' });
    expect([...flags.values()].map(({ name, type }) => [name, type])).toEqual([
      ['a', 'boolean'],
      ['b', 'number'],
      ['c', 'object'],
      ['d', 'string'],
    ]);
  });

  test.each(['FLAG_', 'FLAG_new', 'FLAG_A__B', 'FLAG_1A', `FLAG_${'A'.repeat(65)}`])(
    'refuses %s by name',
    (variable) => {
      expect(() => provider({ [variable]: 'true' })).toThrow(
        expect.objectContaining({
          code: 'OPTION_INVALID',
          message: expect.stringContaining(`environment: ${variable}: expected FLAG_`) as string,
        }),
      );
    },
  );

  test('answers through a client of OpenFeature', async () => {
    const { client, close } = await openFlags('quotes', provider({ FLAG_NEW_ROUTER: 'on' }));
    expect(await client.getBooleanDetails('new-router', false)).toEqual({
      flagKey: 'new-router',
      flagMetadata: {},
      value: true,
      variant: 'on',
      reason: 'STATIC',
    });
    await close();
  });
});
