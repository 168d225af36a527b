import { describe, expect, test } from 'vitest';
import { PortcullisError } from '../../../src/core/index.ts';
import { asFailure } from '../../../src/adapters/postgres/postgres-failure.ts';
import { serverError } from './support/scripted-client.ts';

const same = (text: string): string => text;

describe('asFailure', () => {
  test.each([
    ['08006', true],
    ['25006', true],
    ['40P01', true],
    ['53100', true],
    ['53300', true],
    ['55P03', true],
    ['57014', true],
    ['57P03', true],
    ['22003', false],
    ['23505', false],
    ['28P01', false],
    ['3D000', false],
    ['42P01', false],
  ])('SQLSTATE %s: waiting may mend it: %s', (code, retryable) => {
    expect(asFailure(serverError(code), same)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable,
      details: { sqlState: code },
    });
  });

  test.each(['ECONNREFUSED', 'ENOTFOUND', 'EPIPE', undefined])(
    'what the network says (%s) may pass, and only its words go on',
    (code) => {
      const failure = asFailure(Object.assign(new Error('no'), { code, password: 'sesame' }), same);
      expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true, details: {} });
      expect(failure.cause).toBeUndefined();
    },
  );

  test('says what it means where the words of the server do not', () => {
    expect(asFailure(serverError('53300', 'too many clients already'), same).message).toBe(
      'PostgreSQL: the server has no connection left (max_connections): too many clients already (53300)',
    );
  });

  test('errors of ours are passed on; one without words has some', () => {
    const ours = new PortcullisError('LOG_CLOSED', 'closed');
    expect(asFailure(ours, same)).toBe(ours);
    expect(asFailure(new AggregateError([]), same).message).toBe('PostgreSQL: no connection');
  });
});
