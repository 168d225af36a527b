import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  formatTraceparent,
  parseTraceparent,
  parseTracestate,
  traceParentOf,
} from '../../src/telemetry/index.ts';

const hex = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
    .map((digits) => digits.map((digit) => digit.toString(16)).join(''))
    .filter((id) => /[^0]/.test(id));
const ids = fc.record({ traceId: hex(32), spanId: hex(16), traceFlags: fc.constantFrom(0, 1, 2, 3) });
const keys = fc.stringMatching(/^[a-z][a-z0-9_*/-]{0,20}$/);
const values = fc.stringMatching(/^[ -+\--<>-~]{0,40}[!-+\--<>-~]$/);
const states = fc.uniqueArray(fc.tuple(keys, values), {
  minLength: 1,
  maxLength: 40,
  selector: ([key]) => key,
});

describe('trace context', () => {
  test.prop([ids])('what is written is read back', (span) => {
    expect(parseTraceparent(formatTraceparent(span))).toEqual({ ...span, isRemote: true });
  });

  test.prop([ids, fc.nat(54), fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 })])(
    'a header with one character changed is refused or says what it says, never anything else',
    (span, at, character) => {
      const good = formatTraceparent(span);
      const header = good.slice(0, at) + character + good.slice(at + 1);
      const read = parseTraceparent(header);
      if (read === undefined) return;
      expect(header).toMatch(/^[0-9a-f-]+$/);
      expect(header.slice(3, 52)).toBe(`${read.traceId}-${read.spanId}`);
    },
  );

  test.prop([fc.anything(), fc.anything()])('headers of any kind never throw', (traceparent, tracestate) => {
    expect(() => traceParentOf({ traceparent, tracestate })).not.toThrow();
  });

  test.prop([states])(
    'a state is read up to its limits, and what was read once is read the same again',
    (list) => {
      const header = list.map(([key, value]) => `${key}=${value}`).join(',');
      const text = parseTracestate(header)?.serialize();
      if (list.length > 32) expect(text).toBeUndefined();
      else if (header.length <= 512) expect(text).toBe(header);
      else expect(text?.length).toBeLessThanOrEqual(512);
      if (text !== undefined) expect(parseTracestate(text)?.serialize()).toBe(text);
    },
  );
});
