import { describe, expect, test } from 'vitest';
import { formatTraceparent, parseTraceparent, traceParentOf } from '../../src/telemetry/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const HEADER = `00-${TRACE}-${SPAN}-01`;
const PARENT = { traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true };
const zeros = (length: number): string => '0'.repeat(length);

describe('parseTraceparent', () => {
  test.each([
    ['version 00, sampled', HEADER, 1],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, 0],
    ['sampled, random trace id', `00-${TRACE}-${SPAN}-03`, 3],
    ['flags without a meaning yet, which go', `00-${TRACE}-${SPAN}-ff`, 3],
    ['flags without a meaning yet alone', `00-${TRACE}-${SPAN}-fc`, 0],
    ['a later version', `01-${TRACE}-${SPAN}-01`, 1],
    ['a later version that adds a field', `cc-${TRACE}-${SPAN}-01-what-the-future-brings`, 1],
    ['a later version that adds an empty field', `fe-${TRACE}-${SPAN}-01-`, 1],
    ['ids with a single bit', `00-${zeros(31)}1-${zeros(15)}1-01`, 1],
  ])('takes %s', (_, header, traceFlags) => {
    const [, traceId, spanId] = header.split('-');
    expect(parseTraceparent(header)).toEqual({ traceId, spanId, traceFlags, isRemote: true });
  });

  test.each([
    ['nothing', ''],
    ['version 00 with a field more', `${HEADER}-more`],
    ['version 00 with a dash more', `${HEADER}-`],
    ['version 00 with a character more', `${HEADER}.`],
    ['a later version that goes on without a dash', `cc-${TRACE}-${SPAN}-01.more`],
    ['a later version with longer flags', `cc-${TRACE}-${SPAN}-011`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['a version that is not hex', `.0-${TRACE}-${SPAN}-01`],
    ['a version in capitals', `CC-${TRACE}-${SPAN}-01`],
    ['a version too long', `000-${TRACE}-${SPAN}-01`],
    ['a version too short', `0-${TRACE}-${SPAN}-01`],
    ['a trace id of zeros', `00-${zeros(32)}-${SPAN}-01`],
    ['a trace id that is not hex', `00-${TRACE.slice(1)}g-${SPAN}-01`],
    ['a trace id in capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace id too long', `00-${TRACE}0-${SPAN}-01`],
    ['a trace id too short', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['a parent id of zeros', `00-${TRACE}-${zeros(16)}-01`],
    ['a parent id that is not hex', `00-${TRACE}-${SPAN.slice(1)}.-01`],
    ['a parent id in capitals', `00-${TRACE}-${SPAN.toUpperCase()}-01`],
    ['a parent id too long', `00-${TRACE}-${SPAN}0-01`],
    ['a parent id too short', `00-${TRACE}-${SPAN.slice(1)}-01`],
    ['flags that are not hex', `00-${TRACE}-${SPAN}-.0`],
    ['flags in capitals', `00-${TRACE}-${SPAN}-0A`],
    ['flags too long', `00-${TRACE}-${SPAN}-001`],
    ['flags too short', `00-${TRACE}-${SPAN}-1`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['other separators', HEADER.replaceAll('-', '_')],
    ['a line break', `${HEADER}\n`],
    ['a space before', ` ${HEADER}`],
  ])('refuses %s', (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });
});

describe('formatTraceparent', () => {
  test.each([
    [0, '00'],
    [1, '01'],
    [3, '03'],
    [255, '03'],
  ])('writes flags %i as %s', (traceFlags, text) => {
    expect(formatTraceparent({ ...PARENT, traceFlags })).toBe(`00-${TRACE}-${SPAN}-${text}`);
  });

  test('goes on in the version it knows, whichever came in', () => {
    const parent = parseTraceparent(`cc-${TRACE}-${SPAN}-01-more`);
    expect(parent && formatTraceparent(parent)).toBe(HEADER);
  });
});

describe('traceParentOf', () => {
  test('reads both headers', () => {
    const { traceState, ...parent } = traceParentOf({ traceparent: HEADER, tracestate: 'a=1,b=2' }) ?? {};
    expect(parent).toEqual(PARENT);
    expect(traceState?.serialize()).toBe('a=1,b=2');
  });

  test('joins a state that came in several headers', () => {
    const parent = traceParentOf({ traceparent: HEADER, tracestate: ['a=1,b=2', '', 'c=3'] });
    expect(parent?.traceState?.serialize()).toBe('a=1,b=2,c=3');
  });

  test.each([[' '], ['\t'], ['\t ']])('space around the value does not count: %j', (space) => {
    expect(traceParentOf({ traceparent: `${space}${HEADER}${space}` })).toEqual(PARENT);
  });

  test.each([
    ['ill-formed', 'FOO=1'],
    ['empty', ''],
    ['a list with a thing that is no text', ['a=1', 7]],
    ['no text', 7],
    ['missing', undefined],
  ])('a state that is %s is dropped, the parent kept', (_, tracestate) => {
    expect(traceParentOf({ traceparent: HEADER, tracestate })).toEqual(PARENT);
  });

  test.each([
    ['missing', undefined],
    ['ill-formed', `${HEADER}0`],
    ['twice, joined', `${HEADER}, ${HEADER}`],
    ['twice, as a list', [HEADER, HEADER]],
    ['an empty list', []],
    ['no text', 7],
  ])('a parent that is %s drops the state as well', (_, traceparent) => {
    expect(traceParentOf({ traceparent, tracestate: 'a=1' })).toBeUndefined();
  });

  test('takes a list of one', () => {
    expect(traceParentOf({ traceparent: [HEADER] })).toEqual(PARENT);
  });
});
