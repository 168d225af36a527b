import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/rooms.ts';
import { runExample } from './support/example.ts';

const examples = join(root, 'examples');
const sourceOf = (file: string): string => readFileSync(join(examples, file), 'utf8');
const importsOf = (file: string): string[] =>
  [...sourceOf(file).matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)';$/gmu)].map(
    ([, from = '']) => from,
  );

/** What each example is about, and a line of what it prints. */
const alone: Readonly<Record<string, RegExp>> = {
  'order-desk.ts': /^accepted$/mu,
  'service.ts': /^200 \{"last":60000\}$/mu,
  'risk-guard.ts': /^resize 666 lots \{/mu,
  'execution-policy.ts': /^spread: SPREAD_TOO_WIDE, measured \d+\.\d\d, limit 20$/mu,
  'metrics.ts': /^orders_total\{side="sell",outcome="rejected"\} 0$/mu,
  'indicators.ts': /^equal {2}true$/mu,
};

describe('a short example', () => {
  test('is there for every export that can be used alone', () => {
    expect(globSync('*.ts', { cwd: examples }).sort()).toEqual(Object.keys(alone).sort());
  });

  test.each(Object.entries(alone))(
    '%s is under 40 lines, runs and shows what it is about',
    async (file, shown) => {
      expect(sourceOf(file).trimEnd().split('\n').length).toBeLessThan(40);
      const { code, stdout, stderr } = await runExample(file);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(shown);
    },
  );
});

test.each(globSync('**/*.ts', { cwd: examples }))(
  '%s imports the package by name, never its sources',
  (file) => {
    const inside = importsOf(file).filter((from) => from.startsWith('.'));
    expect(inside.filter((from) => !join('/examples', file, '..', from).startsWith('/examples/'))).toEqual(
      [],
    );
    expect(importsOf(file).filter((from) => /\b(?:src|dist)\b/u.test(from))).toEqual([]);
  },
);
