import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodedBody, decodedExcerpt } from '../../../src/resilience/http/content-coding.ts';

const MIB = 1024 * 1024;
const text = Buffer.from(JSON.stringify({ price: '100.5', text: 'x'.repeat(500) }));
const CODINGS = [
  { name: 'gzip', coding: 'gzip', encode: gzipSync },
  { name: 'x-gzip', coding: 'x-gzip', encode: gzipSync },
  { name: 'gzip in capitals', coding: 'GZIP ', encode: gzipSync },
  { name: 'deflate', coding: 'deflate', encode: deflateSync },
  { name: 'deflate without its frame', coding: 'deflate', encode: deflateRawSync },
  { name: 'br', coding: 'br', encode: brotliCompressSync },
] as const;

describe('decodedBody', () => {
  test.each(CODINGS)('undoes $name', async ({ coding, encode }) => {
    expect(await decodedBody(encode(text), coding, MIB)).toEqual({ ok: true, value: text });
  });

  test.each(CODINGS)('undoes a large $name as well', async ({ coding, encode }) => {
    const large = Buffer.alloc(MIB, 'abcdefghij');
    const outcome = await decodedBody(encode(large), coding, MIB);
    expect(outcome.ok && outcome.value.equals(large)).toBe(true);
  });

  test('undoes one whose compressed form alone is large', async () => {
    const large = Buffer.alloc(300 * 1024, 'abcdefghij');
    const outcome = await decodedBody(gzipSync(large, { level: 0 }), 'gzip', MIB);
    expect(outcome.ok && outcome.value.equals(large)).toBe(true);
  });

  test.each([undefined, 'identity', '', ' Identity '])('leaves a body as it is for %j', (coding) => {
    expect(decodedBody(text, coding, MIB)).toEqual({ ok: true, value: text });
  });

  test('takes no content for no content, whatever it is said to be coded in', () => {
    expect(decodedBody(Buffer.alloc(0), 'gzip', MIB)).toEqual({ ok: true, value: Buffer.alloc(0) });
  });

  test.each([['gzip, gzip'], ['compress'], [['gzip', 'br']]])('refuses %j', (coding) => {
    expect(decodedBody(gzipSync(text), coding, MIB)).toEqual({
      ok: false,
      failure: {
        code: 'RESPONSE_INVALID',
        upstream: 'failing',
        mayRetry: false,
        because: 'encoding',
        detail: `unknown content-encoding ${String(coding)}`,
      },
    });
  });

  test.each(CODINGS)('refuses $name that ends too early', async ({ coding, encode }) => {
    const wire = encode(text);
    const outcome = await decodedBody(wire.subarray(0, wire.length - 5), coding, MIB);
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'RESPONSE_INVALID' } });
  });

  test('says that gzip which ends too early is truncated, and what is no gzip an encoding', async () => {
    const outcomes = [
      decodedBody(gzipSync(text).subarray(0, 40), 'gzip', MIB),
      decodedBody(text, 'gzip', MIB),
    ];
    expect(outcomes).toEqual([
      {
        ok: false,
        failure: {
          code: 'RESPONSE_INVALID',
          upstream: 'failing',
          mayRetry: false,
          because: 'truncated',
          detail: 'the gzip stream ends too early',
        },
      },
      {
        ok: false,
        failure: {
          code: 'RESPONSE_INVALID',
          upstream: 'failing',
          mayRetry: false,
          because: 'encoding',
          detail: 'not a valid gzip stream',
        },
      },
    ]);
  });

  test.each(CODINGS)(
    'takes $name of exactly the limit, and not of one byte more',
    async ({ coding, encode }) => {
      const wire = encode(text);
      expect(await decodedBody(wire, coding, text.length)).toMatchObject({ ok: true });
      expect(await decodedBody(wire, coding, text.length - 1)).toEqual({
        ok: false,
        failure: {
          code: 'RESPONSE_TOO_LARGE',
          upstream: 'alive',
          mayRetry: false,
          limitBytes: text.length - 1,
        },
      });
    },
  );

  test('takes a body beyond what is inflated in place up to its limit, and not one byte more', async () => {
    const wire = gzipSync(Buffer.alloc(MIB));
    expect(await decodedBody(wire, 'gzip', MIB)).toMatchObject({ ok: true });
    expect(await decodedBody(wire, 'gzip', MIB - 1)).toMatchObject({
      failure: { code: 'RESPONSE_TOO_LARGE' },
    });
  });

  test('stops inflating a bomb at the limit', async () => {
    const bomb = brotliCompressSync(Buffer.alloc(64 * MIB), { params: { 1: 1 } });
    expect(bomb.length).toBeLessThan(20_000);
    const outcome = await decodedBody(bomb, 'br', MIB);
    expect(outcome).toMatchObject({ failure: { code: 'RESPONSE_TOO_LARGE', limitBytes: MIB } });
  });
});

describe('decodedExcerpt', () => {
  test.each(CODINGS)('gives what there is of $name that was cut off', ({ coding, encode }) => {
    const noise = Array.from({ length: 3_000 }, (_none, index) => String((index * 7_919) % 1_009)).join(' ');
    const wire = encode(Buffer.from(noise));
    const excerpt = decodedExcerpt(wire.subarray(0, wire.length >> 1), coding).toString();
    expect(noise.startsWith(excerpt)).toBe(true);
    expect(decodedExcerpt(wire, coding).toString()).toBe(noise);
  });

  test('gives a plain one as it is', () => {
    expect([decodedExcerpt(text, undefined), decodedExcerpt(text, 'identity')]).toEqual([text, text]);
  });

  test.each(['gzip', 'compress'])('gives nothing of what is no %s', (coding) => {
    expect(decodedExcerpt(text, coding)).toEqual(Buffer.alloc(0));
  });
});
