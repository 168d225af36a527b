import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type AuditHead, headSigner, signHead } from '../../src/audit/index.ts';
import { HeadKeys } from '../../src/audit/signed-head.ts';
import { signText } from '../../src/core/index.ts';
import { keys, otherKeys, signer, START_MS, trusted } from './support/audit-world.ts';

const HEAD: AuditHead = { seq: 7, hash: 'ab'.repeat(32) };

describe('a signed head', () => {
  test('says what was signed, when and with which key', () => {
    const { signature, ...head } = signer.sign(HEAD, START_MS);
    expect(head).toEqual({ version: 1, ...HEAD, timeMs: START_MS, keyId: signer.keyId });
    expect(signer.keyId).toMatch(/^[0-9a-f]{32}$/);
    const text = `portcullis audit head\n{"hash":"${HEAD.hash}","keyId":"${signer.keyId}","seq":7,"timeMs":${START_MS},"version":1}`;
    expect(signature).toBe(signText(keys.privateKey, text));
    expect(signHead(keys.privateKey, HEAD, START_MS)).toEqual({ ...head, signature });
  });

  test('is known by its key, and by nobody else', () => {
    const head = signer.sign(HEAD, START_MS);
    expect(new HeadKeys(trusted).signerOf(head)).toEqual({ name: 'ada' });
    expect(new HeadKeys({ eve: otherKeys.publicKey }).signerOf(head)).toBe('unknown');
    expect(new HeadKeys().signerOf(head)).toBe('unknown');
  });

  test.each([
    ['seq', { seq: 8 }],
    ['hash', { hash: 'ac'.repeat(32) }],
    ['time', { timeMs: START_MS + 1 }],
    ['signature', { signature: 'AAAA' }],
    [
      'signature of another key',
      { signature: headSigner(otherKeys.privateKey).sign(HEAD, START_MS).signature },
    ],
  ])('with another %s is forged', (_, change) => {
    expect(new HeadKeys(trusted).signerOf({ ...signer.sign(HEAD, START_MS), ...change })).toBe('forged');
  });

  test('needs a private key, and the other one to check, and says nothing of what it got', () => {
    const refused = (kind: string) => ({
      code: 'OPTION_INVALID',
      message: `signatures: expected a ${kind} Ed25519 key as PEM`,
    });
    expect(() => headSigner('secret')).toThrow(expect.objectContaining(refused('private')));
    expect(() => new HeadKeys({ ada: keys.privateKey })).toThrow(expect.objectContaining(refused('public')));
  });

  test('comes from a signer that does not show its key', () => {
    const shown = inspect(signer, { depth: 9, showHidden: true }) + JSON.stringify(signer);
    expect(shown).not.toContain('PRIVATE');
    expect(shown).toContain('PUBLIC');
  });
});
