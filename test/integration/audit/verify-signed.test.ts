import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { AuditLog, headSigner, signHead, verifyAudit } from '../../../src/audit/index.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { MemoryAppendLog } from '../../../src/storage/index.ts';
import {
  at,
  forge,
  keys,
  logOf,
  otherKeys,
  signedChain,
  START_MS,
  trusted,
} from '../../audit/support/audit-world.ts';

const headOf = ({ seq, hash }: { seq: number; hash: string }) => ({ seq, hash });
const golden = async (name: string): Promise<object[]> => {
  const text = await readFile(new URL(`../../audit/golden/${name}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
};

/** A key that is always the same: its seed is 32 bytes of 7, behind what PKCS #8 puts in front of one. */
function goldenKey(): string {
  const der = Buffer.from(`302e020100300506032b657004220420${'07'.repeat(32)}`, 'hex');
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

describe('verifyAudit with a public key', () => {
  test('says up to which record the chain is signed, when and by whom', async () => {
    const records = await signedChain('ab*cd*ef');
    expect(await verifyAudit(logOf(records), { publicKeys: trusted })).toEqual({
      ok: true,
      records: 8,
      firstSeq: 1,
      head: headOf(at(records, 7)),
      attested: { seq: 5, timeMs: START_MS + 6000, by: 'ada' },
      lastSigned: at(records, 5).details,
    });
  });

  test('without a key says what was signed, not by whom', async () => {
    const records = await signedChain('ab*c');
    const verdict = await verifyAudit(logOf(records));
    expect(verdict).toMatchObject({ ok: true, lastSigned: { seq: 2 } });
    expect(verdict).not.toHaveProperty('attested');
  });

  test('finds a chain written anew before a signed head, where the head does not fit any more', async () => {
    const records = await signedChain('ab*cd*');
    const forged = forge(records, 3, (record) => ({ ...record, timeMs: 1 }));
    expect(await verifyAudit(logOf(forged), { publicKeys: trusted })).toMatchObject({
      ok: false,
      atSeq: 6,
      reason: expect.stringMatching(/^expected a signed head of record 5, /) as unknown,
    });
  });

  test('finds a signed head made to fit without the key', async () => {
    const records = await signedChain('ab*c');
    const first = forge(records, 0, (record) => ({ ...record, timeMs: 1 })).slice(0, 2);
    const head = at(first, 1);
    const forged = [
      ...first,
      ...forge(records, 2, (record) =>
        record.kind === 'c' ? record : { ...record, details: { ...record.details, ...headOf(head) } },
      ).slice(2),
    ];
    const linked = forge([...first, ...forged.slice(2)], 2, (record) => record);
    expect(await verifyAudit(logOf(linked), { publicKeys: trusted })).toEqual({
      ok: false,
      atSeq: 3,
      reason: 'expected the signature of the key that the head names, got another one',
    });
  });

  test('refuses a chain that nobody with one of the keys has signed', async () => {
    const none = { ok: false, atSeq: 1, reason: 'expected a head signed by ada, found none' };
    const unsigned = logOf(await signedChain('abc'));
    expect(await verifyAudit(unsigned, { publicKeys: trusted })).toEqual(none);
    const another = logOf(await signedChain('ab*', headSigner(otherKeys.privateKey)));
    expect(await verifyAudit(another, { publicKeys: trusted })).toEqual(none);
    const both = { ...trusted, eve: otherKeys.publicKey };
    expect(await verifyAudit(another, { publicKeys: both })).toMatchObject({
      attested: { by: 'eve', seq: 2 },
    });
  });

  test('an empty log needs no signature', async () => {
    expect(await verifyAudit(new MemoryAppendLog(), { publicKeys: trusted })).toMatchObject({ ok: true });
  });

  test('a signed head that is no such thing is found, also without a key', async () => {
    const records = await signedChain('ab*');
    const forged = forge(records, 2, (record) => ({ ...record, details: { version: 1 } }));
    expect(await verifyAudit(logOf(forged))).toMatchObject({
      ok: false,
      atSeq: 3,
      reason: expect.stringMatching(/^expected a signed head: seq: /) as unknown,
    });
  });
});

describe('verifyAudit with a signed head that was kept', () => {
  test('proves that the end was cut off', async () => {
    const records = await signedChain('ab*cd*');
    const expectHead = at(records, 5).details as never;
    const cut = logOf(records.slice(0, 4));
    expect(await verifyAudit(cut, { publicKeys: trusted })).toMatchObject({ ok: true });
    expect(await verifyAudit(cut, { publicKeys: trusted, expectHead })).toEqual({
      ok: false,
      atSeq: 5,
      reason: 'expected 5 records, got 4: the end was cut off',
    });
  });

  test('believes it only with its signature, where keys are given', async () => {
    const records = await signedChain('ab*');
    const kept = signHead(keys.privateKey, headOf(at(records, 1)), START_MS);
    const verify = (expectHead: typeof kept, publicKeys = trusted) =>
      verifyAudit(logOf(records), { expectHead, publicKeys });
    expect(await verify(kept)).toMatchObject({ ok: true });
    expect(await verify({ ...kept, timeMs: 1 })).toEqual({
      ok: false,
      atSeq: 2,
      reason: 'the head that was kept does not bear the signature that it names',
    });
    expect(await verify(kept, { ada: otherKeys.publicKey })).toMatchObject({
      reason: 'the head that was kept is signed by none of ada',
    });
    expect(await verify({ ...kept, version: 2 } as never)).toMatchObject({
      ok: false,
      reason: 'the head that was kept is no signed head',
    });
  });
});

describe('verifyAudit of a trimmed log', () => {
  test('begins at a head that was kept, from the one just before its first record on', async () => {
    const records = await signedChain('abcdef');
    const trimmed = logOf(records.slice(2), 3);
    for (const seq of [2, 3, 6]) {
      expect(await verifyAudit(trimmed, { expectHead: headOf(at(records, seq - 1)) })).toEqual({
        ok: true,
        records: 4,
        firstSeq: 3,
        head: headOf(at(records, 5)),
      });
    }
  });

  test('refuses a head that is too old to say anything about what is left', async () => {
    const records = await signedChain('abcdef');
    const verdict = await verifyAudit(logOf(records.slice(2), 3), { expectHead: headOf(at(records, 0)) });
    expect(verdict).toEqual({
      ok: false,
      atSeq: 3,
      reason: 'expected a head of record 2 or later, got one of 1: what is between is not there any more',
    });
  });

  test.each([2, 3, 6])('refuses a head %i of another chain', async (seq) => {
    const trimmed = logOf((await signedChain('abcdef')).slice(2), 3);
    const expectHead = { seq, hash: 'f'.repeat(64) };
    expect(await verifyAudit(trimmed, { expectHead })).toMatchObject({
      ok: false,
      atSeq: Math.max(seq, 3),
      reason: expect.stringMatching(/that was kept, got/) as unknown,
    });
  });

  test('refuses it without a head or a key: nothing vouches for its beginning', async () => {
    const trimmed = logOf((await signedChain('ab*def')).slice(2), 3);
    expect(await verifyAudit(trimmed)).toEqual({
      ok: false,
      atSeq: 3,
      reason:
        'expected a head that vouches for record 3, the first that is left: give one that was kept, or the key of a signed one',
    });
    expect(await verifyAudit(trimmed, { publicKeys: trusted })).toMatchObject({ ok: true, firstSeq: 3 });
  });

  test('finds a first record that was written anew under the signature', async () => {
    const records = await signedChain('abcd*f');
    const forged = forge(records, 2, (record) => (record.kind === 'c' ? { ...record, timeMs: 1 } : record));
    const trimmed = logOf(forged.slice(2), 3);
    expect(await verifyAudit(trimmed, { publicKeys: trusted })).toMatchObject({ ok: false, atSeq: 5 });
  });

  test('a beginning that was removed without trimming is found', async () => {
    const records = await signedChain('abc*');
    expect(await verifyAudit(logOf(records.slice(1)), { publicKeys: trusted })).toMatchObject({
      ok: false,
      atSeq: 1,
      reason: 'expected record 1, got 2',
    });
  });
});

describe('AuditLog of a trimmed log', () => {
  const clock = new ManualClock(START_MS);

  test.each([
    ['a key', { publicKeys: trusted }],
    ['the word of whoever opens it', { anchor: 'first-record' as const }],
  ])('goes on with %s', async (_, trust) => {
    const log = logOf((await signedChain('abc*')).slice(2), 3);
    const audit = await AuditLog.open(log, { clock }, trust);
    expect((await audit.record({ kind: 'd' })).seq).toBe(5);
    expect(await verifyAudit(log, { publicKeys: trusted })).toMatchObject({ ok: true, records: 3 });
  });

  test('goes on with a head that was kept, and not with another', async () => {
    const records = await signedChain('abc');
    const log = logOf(records.slice(2), 3);
    const open = (anchor: { seq: number; hash: string }) => AuditLog.open(log, { clock }, { anchor });
    expect((await open(headOf(at(records, 1)))).head).toEqual(headOf(at(records, 2)));
    await expect(open(headOf({ seq: 2, hash: 'f'.repeat(64) }))).rejects.toMatchObject({
      code: 'AUDIT_CHAIN_BROKEN',
    });
    await expect(AuditLog.open(log, { clock })).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN' });
  });
});

describe('golden chains', () => {
  test('of version 1 before there were signatures verify', async () => {
    expect(await verifyAudit(logOf(await golden('audit-v1.jsonl')))).toMatchObject({
      ok: true,
      records: 3,
      head: { seq: 3, hash: '8866542a359dbb3ea9875f9fe91809c564ac74f92dac54b7df24183644cd0e30' },
    });
  });

  test('of version 1 with signatures verify, and are signed alike today', async () => {
    const records = await golden('audit-v1-signed.jsonl');
    const signs = headSigner(goldenKey());
    expect(await verifyAudit(logOf(records), { publicKeys: { golden: signs.publicKey } })).toMatchObject({
      ok: true,
      records: 3,
      attested: { seq: 2, by: 'golden' },
    });
    expect(await signedChain('ab*', signs)).toEqual(records);
  });
});
