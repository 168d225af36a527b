import { describe, expect, test } from 'vitest';
import { parseExposition } from '../../support/exposition-parser.ts';

const GOOD = `# HELP a_total A "quoted" \\\\ help.\\nTwo lines.
# TYPE a_total counter
a_total{x="1",y="q\\"b\\\\n\\n"} 3
a_total{x="2",y=""} 0.5

# HELP h H.
# TYPE h histogram
h_bucket{le="0.5",k="a"} 1
h_bucket{le="+Inf",k="a"} 2
h_sum{k="a"} -1e-7
h_count{k="a"} 2

# HELP g G.
# TYPE g gauge
g NaN
`;

const OPEN = `# HELP wait_seconds W.
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{le="1.0"} 1 # {trace_id="ab"} 0.5 12.345
wait_seconds_bucket{le="+Inf"} 1
wait_seconds_sum 0.5
wait_seconds_count 1
# HELP a A.
# TYPE a counter
a_total 1
# EOF
`;

describe('the strict reader', () => {
  test('takes Prometheus text apart', () => {
    expect(parseExposition(GOOD)).toEqual([
      {
        name: 'a_total',
        type: 'counter',
        help: 'A "quoted" \\ help.\nTwo lines.',
        samples: [
          { name: 'a_total', labels: { x: '1', y: 'q"b\\n\n' }, value: 3 },
          { name: 'a_total', labels: { x: '2', y: '' }, value: 0.5 },
        ],
      },
      {
        name: 'h',
        type: 'histogram',
        help: 'H.',
        samples: [
          { name: 'h_bucket', labels: { le: '0.5', k: 'a' }, value: 1 },
          { name: 'h_bucket', labels: { le: '+Inf', k: 'a' }, value: 2 },
          { name: 'h_sum', labels: { k: 'a' }, value: -1e-7 },
          { name: 'h_count', labels: { k: 'a' }, value: 2 },
        ],
      },
      { name: 'g', type: 'gauge', help: 'G.', samples: [{ name: 'g', labels: {}, value: NaN }] },
    ]);
  });

  test('takes OpenMetrics apart', () => {
    expect(parseExposition(OPEN, 'openmetrics')[0]).toMatchObject({
      unit: 'seconds',
      samples: [{ exemplar: { labels: { trace_id: 'ab' }, value: 0.5, seconds: 12.345 } }, {}, {}, {}],
    });
  });

  test.each([
    ['a missing TYPE', '# TYPE g gauge\n', '', /without TYPE/],
    ['a missing HELP', '# HELP g G.\n', '', /without TYPE or HELP/],
    [
      'a TYPE that comes twice',
      '# TYPE g gauge\n',
      '# TYPE g gauge\n# TYPE g gauge\n',
      /TYPE of g comes twice/,
    ],
    ['a HELP that comes twice', '# HELP g G.\n', '# HELP g G.\n# HELP g G.\n', /HELP of g comes twice/],
    ['a TYPE after the samples', 'g NaN', 'g NaN\n# TYPE g gauge', /after its samples/],
    ['a type nobody knows', 'g gauge', 'g gadget', /no type/],
    ['a series that comes twice', 'g NaN', 'g NaN\ng 1', /comes twice/],
    ['the same labels in another order', 'y=""} 0.5', 'y=""} 0.5\na_total{y="",x="2"} 1', /comes twice/],
    ['a family that comes twice', 'g NaN', 'g NaN\n# HELP h H.', /h comes twice/],
    ['a sample of another family', 'g NaN', 'gg NaN', /does not belong/],
    ['a counter without _total', /a_total/g, 'a', /does not belong/],
    ['a counter below 0', '} 3', '} -3', /a counter of -3/],
    ['a counter that is no number', '} 3', '} NaN', /a counter of NaN/],
    ['buckets that fall', 'k="a"} 1', 'k="a"} 3', /not cumulative/],
    ['buckets out of order', 'le="0.5"', 'le="+Inf"', /comes twice/],
    [
      'buckets that do not ascend',
      'h_bucket{le="0.5"',
      'h_bucket{le="9",k="a"} 1\nh_bucket{le="0.5"',
      /ascending/,
    ],
    ['no +Inf bucket', 'h_bucket{le="+Inf",k="a"} 2\n', '', /no \+Inf bucket/],
    ['a count other than the +Inf bucket', 'h_count{k="a"} 2', 'h_count{k="a"} 3', /not that of the \+Inf/],
    ['no sum', 'h_sum{k="a"} -1e-7\n', '', /one sum and one count/],
    ['a bucket without le', 'h_bucket{le="0.5",k="a"}', 'h_bucket{k="a"}', /le of h_bucket/],
    ['le at a gauge', 'g NaN', 'g{le="1"} NaN', /le of g/],
    ['an escape that does not exist', 'q\\"b', 'q\\tb', /a bad escape/],
    ['a quote that is not escaped', 'q\\"b', 'q"b', /expected , or \}/],
    ['a label that comes twice', 'x="1",y=', 'x="1",x=', /or twice/],
    ['a label without quotes', 'x="1"', 'x=1', /not quoted/],
    ['a bad escape in HELP', '\\nTwo', '\\tTwo', /a bad escape/],
    ['a value that is none', 'g NaN', 'g nope', /no number/],
    ['a number as prom-client writes it', 'g NaN', 'g Nan', /no number/],
    ['something after the value', 'g NaN', 'g NaN 1 2', /more after the value/],
    ['two spaces', 'g NaN', 'g  NaN', /no number/],
    ['a comment', '# HELP g', '# hello\n# HELP g', /a comment/],
    ['a unit', '# TYPE g gauge', '# TYPE g gauge\n# UNIT g x', /UNIT is not part/],
    ['a name that is none', 'g NaN', '9g NaN', /no metric name/],
    ['an end in the middle of a line', /\n$/, '', /does not end/],
  ])('rejects %s', (_what, from, to, message) => {
    const damaged = GOOD.replace(from, to);
    expect(damaged).not.toBe(GOOD);
    expect(() => parseExposition(damaged)).toThrow(message);
  });

  test.each([
    ['no end', '# EOF\n', '', /# EOF/],
    ['more after the end', '# EOF\n', '# EOF\n# EOF\n', /a comment/],
    ['an empty line', '# HELP a ', '\n# HELP a ', /an empty line/],
    ['a counter without _total', 'a_total 1', 'a 1', /does not belong/],
    ['a family named like its sample', '# TYPE a counter', '# TYPE a_total counter', /does not belong/],
    ['a unit that is no suffix', 'seconds seconds', 'seconds bytes', /does not end in its unit/],
    ['a quote in HELP', 'W.', 'W".', /a bad escape/],
    ['le that is no float', 'le="1.0"', 'le="1"', /le is no float/],
    ['an exemplar above its bucket', '} 0.5 12', '} 1.5 12', /above its bucket/],
    ['an exemplar at a sum', 'sum 0.5', 'sum 0.5 # {trace_id="ab"} 0.5 12', /an exemplar at/],
    ['an exemplar that is too long', '="ab"', `="${'a'.repeat(121)}"`, /more than 128/],
    ['more after the exemplar', '12.345', '12.345 1', /more after the exemplar/],
  ])('rejects in OpenMetrics %s', (_what, from, to, message) => {
    const damaged = OPEN.replace(from, to);
    expect(damaged).not.toBe(OPEN);
    expect(() => parseExposition(damaged, 'openmetrics')).toThrow(message);
  });
});
