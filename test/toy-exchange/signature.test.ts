import { describe, expect, test } from 'vitest';
import { sign } from '../../examples/toy-exchange/driver/sign.ts';
import { signatureFlaw, signatureOf } from '../../examples/toy-exchange/signature.ts';

const SECRET = 'secret-of-acc';
const NOW = 1_000_000;
const signed = {
  timestamp: String(NOW),
  window: '5000',
  method: 'POST',
  path: '/v1/orders?a=1',
  body: '{"a":1}',
};

describe('a signed request', () => {
  test('is what the driver signs', () => {
    const account = { accountId: 'acc', key: 'k', secret: SECRET };
    const proof = sign(account, signed, { exchangeMs: NOW + 0.7, windowMs: 5000 });
    expect(proof).toEqual({
      key: 'k',
      timestamp: String(NOW),
      window: '5000',
      signature: signatureOf(SECRET, signed),
    });
  });

  test.each(Object.keys(signed) as (keyof typeof signed)[])('does not pass with another %s', (part) => {
    const signature = signatureOf(SECRET, signed);
    expect(signatureFlaw(SECRET, signed, signature, NOW)).toBeUndefined();
    expect(signatureFlaw(SECRET, { ...signed, [part]: `${signed[part]}0` }, signature, NOW)).toBe(
      'SIGNATURE_WRONG',
    );
  });

  test.each(['', 'x', signatureOf('another-secret', signed)])(
    'does not pass with the signature %j',
    (signature) => {
      expect(signatureFlaw(SECRET, signed, signature, NOW)).toBe('SIGNATURE_WRONG');
    },
  );

  test.each([
    [-1_000, undefined],
    [-1_001, 'TIMESTAMP_OUT_OF_WINDOW'],
    [5_000, undefined],
    [5_001, 'TIMESTAMP_OUT_OF_WINDOW'],
  ])('at an age of %d ms: %s', (ageMs, flaw) => {
    expect(signatureFlaw(SECRET, signed, signatureOf(SECRET, signed), NOW + ageMs)).toBe(flaw);
  });

  test.each([
    ['600000', 60_000, undefined],
    ['600000', 60_001, 'TIMESTAMP_OUT_OF_WINDOW'],
    ['soon', 0, 'TIMESTAMP_OUT_OF_WINDOW'],
  ])('with a window of %s at %d ms: %s', (window, ageMs, flaw) => {
    const asked = { ...signed, window };
    expect(signatureFlaw(SECRET, asked, signatureOf(SECRET, asked), NOW + ageMs)).toBe(flaw);
  });
});
