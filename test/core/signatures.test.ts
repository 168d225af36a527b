import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newSigningKeys, signText, verifierOf } from '../../src/core/index.ts';

const [ANN, BOB] = [newSigningKeys(), newSigningKeys()];
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 1_024,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const INVALID = expect.objectContaining({ code: 'OPTION_INVALID' }) as Error;

describe('signatures', () => {
  const signature = signText(ANN.privateKey, 'text');

  test('are good for exactly the text, by exactly the person', () => {
    const verify = verifierOf(ANN.publicKey);
    expect([verify('text', signature), verify('text ', signature), verify('', signature)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(verifierOf(BOB.publicKey)('text', signature)).toBe(false);
  });

  test('are 64 bytes, as text without blanks', () => {
    expect(signature).toMatch(/^[\w-]{86}$/);
  });

  test.each(['', 'x', signature.slice(1), `${signature}AAAA`, 'A'.repeat(1_000_000)])(
    'are nothing when cut or made up (%#)',
    (made) => {
      expect(verifierOf(ANN.publicKey)('text', made)).toBe(false);
    },
  );
});

describe('keys', () => {
  test.each([
    ['nothing', ''],
    ['text', 'key'],
    ['of another algorithm', rsa.privateKey],
    ['public', ANN.publicKey],
  ])('a private key is refused when it is %s, without saying what it was', (_what, key) => {
    expect(() => signText(key, 'text')).toThrow(INVALID);
    expect(() => signText(key, 'text')).toThrow(/^signatures: expected a private Ed25519 key as PEM$/);
  });

  test.each([
    ['nothing', undefined],
    ['text', 'key'],
    ['of another algorithm', rsa.publicKey],
    ['private', ANN.privateKey],
  ])('a public key is refused when it is %s, without saying what it was', (_what, key) => {
    expect(() => verifierOf(key as string)).toThrow(INVALID);
    expect(() => verifierOf(key as string)).toThrow(/^signatures: expected a public Ed25519 key as PEM$/);
  });
});
