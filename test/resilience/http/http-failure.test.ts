import { errors } from 'undici';
import { describe, expect, test } from 'vitest';
import { RefusedAddress } from '../../../src/resilience/http/connector.ts';
import {
  type FailedRequest,
  connectionFailure,
  statusFailure,
} from '../../../src/resilience/http/http-failure.ts';

const request = (overrides: Partial<FailedRequest> = {}): FailedRequest => ({
  phase: 'send',
  hasHeaders: false,
  isRepeatable: true,
  silenceTimeoutMs: 100,
  ...overrides,
});

const withCode = (code: string): Error => Object.assign(new Error('beneath'), { code });
const NOTHING = Buffer.alloc(0);

describe('connectionFailure', () => {
  test.each([
    ['connect', true, true],
    ['connect', false, true],
    ['send', true, true],
    ['send', false, false],
    ['receive', true, true],
    ['receive', false, false],
  ] as const)('in the phase %s, repeatable: %s, may be repeated: %s', (phase, isRepeatable, mayRetry) => {
    const error = withCode('ECONNRESET');
    expect(connectionFailure(error, request({ phase, isRepeatable }))).toEqual({
      code: 'UPSTREAM_UNREACHABLE',
      upstream: 'failing',
      mayRetry,
      phase,
      error,
    });
  });

  test.each(['CERT_HAS_EXPIRED', 'CERT_REVOKED', 'HOSTNAME_MISMATCH', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    'takes %s for a certificate that is not trusted, whatever the phase',
    (code) => {
      const error = withCode(code);
      expect(connectionFailure(error, request({ phase: 'connect' }))).toEqual({
        code: 'UPSTREAM_UNTRUSTED',
        upstream: 'failing',
        mayRetry: false,
        error,
      });
    },
  );

  test('sees what is wrong behind an error of the tunnel', () => {
    const cause = withCode('ERR_TLS_CERT_ALTNAME_INVALID');
    const error = new errors.SecureProxyConnectionError(cause, 'x');
    expect(connectionFailure(error, request())).toMatchObject({ code: 'UPSTREAM_UNTRUSTED', error: cause });
    const bare = withCode('UND_ERR_PRX_TLS');
    expect(connectionFailure(bare, request())).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', error: bare });
  });

  test('takes an address that is not asked for the fault of nobody', () => {
    expect(connectionFailure(new RefusedAddress('10.0.0.1'), request({ phase: 'connect' }))).toEqual({
      code: 'ADDRESS_REFUSED',
      upstream: 'unknown',
      mayRetry: false,
      address: '10.0.0.1',
      because: 'private-address',
    });
  });

  test.each(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED'])('takes %s for the end of the transport', (code) => {
    expect(connectionFailure(withCode(code), request())).toMatchObject({
      code: 'ABORTED',
      upstream: 'unknown',
      mayRetry: false,
      reason: { code: 'SERVICE_STOPPED' },
    });
  });

  test.each(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'])(
    'takes %s for a request that is none, as long as nothing was sent',
    (code) => {
      expect(connectionFailure(withCode(code), request({ phase: 'connect' }))).toMatchObject({
        code: 'WORK_FAILED',
        upstream: 'unknown',
        mayRetry: false,
        error: { code: 'OPTION_INVALID', message: 'HttpRequest: beneath' },
      });
      expect(connectionFailure(withCode(code), request())).toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    },
  );

  test.each([
    ['Invalid EOF state', true, 'truncated', true],
    ['Invalid EOF state', false, 'headers', false],
    ['Invalid character in chunk size', true, 'encoding', false],
    ['Expected HTTP/', false, 'headers', false],
  ])('takes %j, headers whole: %s, for %s, may be repeated: %s', (message, hasHeaders, because, mayRetry) => {
    expect(connectionFailure(new errors.HTTPParserError(message), request({ hasHeaders }))).toEqual({
      code: 'RESPONSE_INVALID',
      upstream: 'failing',
      mayRetry,
      because,
      detail: message,
    });
  });

  test('does not repeat what is truncated where it must arrive once only', () => {
    const error = new errors.HTTPParserError('Invalid EOF state');
    expect(connectionFailure(error, request({ hasHeaders: true, isRepeatable: false }))).toMatchObject({
      because: 'truncated',
      mayRetry: false,
    });
  });

  test('takes what is no error as it is', () => {
    expect(connectionFailure('odd', request())).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', error: 'odd' });
  });
});

describe('statusFailure', () => {
  test('reads a date to come back at, by the clock of the wall', () => {
    const nowMs = Date.parse('2026-01-01T00:00:00Z');
    const headers = { 'retry-after': ['Thu, 01 Jan 2026 00:00:05 GMT', '9'] };
    expect(statusFailure(503, headers, NOTHING, true, nowMs)).toMatchObject({ retryAfterMs: 5_000 });
  });

  test.each([{}, { 'retry-after': 'soon' }])('says nothing of coming back for %j', (headers) => {
    expect(statusFailure(503, headers, NOTHING, true, 0)).not.toHaveProperty('retryAfterMs');
  });

  test('cuts a long place that it leads to, and takes the first of several', () => {
    const headers = { location: [`https://a.b/${'x'.repeat(300)}?secret`, 'https://c.d/'] };
    expect(statusFailure(301, headers, NOTHING, true, 0)).toMatchObject({
      address: `https://a.b/${'x'.repeat(188)}`,
    });
  });
});
