import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/rooms.ts';

// The ban needs no types; without them nothing depends on which files of the project change meanwhile.
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [tseslint.configs.disableTypeChecked],
});
const rules = new Set([
  'no-restricted-globals',
  'no-restricted-imports',
  'no-restricted-properties',
  'no-restricted-syntax',
]);

async function bans(code: string, filePath: string): Promise<boolean> {
  const [result] = await eslint.lintText(code, { filePath: `${root}${filePath}` });
  const { messages = [] } = result ?? {};
  expect(messages.filter(({ fatal }) => fatal)).toEqual([]);
  return messages.some(({ ruleId }) => ruleId !== null && rules.has(ruleId));
}

describe('the clock ban', () => {
  test.for([
    'Date.now();',
    "Date['now']();",
    'globalThis.Date.now();',
    "globalThis.Date['now']();",
    'const { now } = Date; now();',
    'new Date();',
    'new globalThis.Date();',
    'Date();',
    'performance.now();',
    'globalThis.performance.now();',
    'process.hrtime.bigint();',
    'setTimeout(() => 1, 1);',
    'globalThis.setTimeout(() => 1, 1);',
    'const { setInterval } = globalThis; setInterval(() => 1, 1);',
    'setImmediate(() => 1);',
    'AbortSignal.timeout(1);',
    'globalThis.AbortSignal.timeout(1);',
    'Math.random();',
    'globalThis.Math.random();',
    "import { setTimeout } from 'node:timers/promises'; await setTimeout(1);",
    "import { performance } from 'node:perf_hooks'; performance.mark('a');",
  ])('refuses %s', async (code) => {
    expect(await bans(code, 'src/core/errors.ts')).toBe(true);
  });

  test.for(['new Date(0);', 'clock.nowMs();', 'AbortSignal.any([]);', 'Math.max(1, 2);'])(
    'lets %s through',
    async (code) => {
      expect(await bans(code, 'src/core/errors.ts')).toBe(false);
    },
  );

  test('does not hold in src/core/clock.ts, where time comes from', async () => {
    expect(await bans('Date.now(); performance.now(); setTimeout(() => 1, 1);', 'src/core/clock.ts')).toBe(
      false,
    );
  });
});
