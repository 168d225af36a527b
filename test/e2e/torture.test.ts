import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderOfTest, runExample } from './support/example.ts';
import { type Verdict, check } from './torture/check/check.ts';
import type { TortureReport } from './torture/report.ts';
import { STEPS } from './torture/steps.ts';
import { type TortureOptions, torture } from './torture/torturer.ts';

interface Run {
  readonly verdict: Verdict;
  /** Codes of what was found, each once. */
  readonly codes: readonly string[];
  readonly ended: readonly string[];
}

/** A short torture, and what the checker makes of it. */
async function run(options: Omit<TortureOptions, 'directory' | 'seed'>): Promise<Run> {
  const torn = await torture({ directory: join(folderOfTest(), 'torture'), seed: 1, ...options });
  const verdict = await check(torn);
  return {
    verdict,
    codes: [...new Set(verdict.findings.map(({ code }) => code))],
    ended: torn.kills.map(({ step }) => step),
  };
}

describe('a trader killed at steps of the order path', () => {
  test('sends nothing twice, loses nothing, and has the Book that the exchange has', async () => {
    const steps = [
      'journal.submitting.durable',
      'venue.place.sent',
      'journal.accepted.appended',
      'file.journal.torn',
    ];
    const { verdict, ended } = await run({ kills: 4, steps });
    expect(verdict.findings).toEqual([]);
    expect(ended.toSorted()).toEqual(steps.toSorted());
    expect(Math.min(verdict.orders, verdict.fills)).toBeGreaterThan(0);
  });
});

describe('the checker', () => {
  test('finds orders that are sent before they are written down', async () => {
    const { codes } = await run({
      kills: 2,
      defect: 'journal-after-send',
      steps: ['venue.place.answered'],
      faults: [],
    });
    expect(codes).toContain('NOT_IN_JOURNAL');
  });

  test('finds orders that are sent again when there was no answer', async () => {
    const { codes } = await run({
      kills: 1,
      defect: 'retry-on-timeout',
      steps: ['journal.dayRolled.durable'],
      faults: [{ kind: 'timeout-after', on: 'place', probability: 0.3 }],
    });
    expect(codes).toContain('SENT_TWICE');
  });

  test('finds reservations that were not built again', async () => {
    const { codes } = await run({
      kills: 5,
      defect: 'reservations-not-rebuilt',
      steps: ['journal.amendRequested.durable'],
      faults: [],
    });
    // Fills of orders that nobody holds, or more than the limits allow: what shows first depends on the market.
    expect(codes.filter((code) => CAUGHT.has(code))).not.toEqual([]);
  });
});

const CAUGHT = new Set(['LIMIT_EXCEEDED', 'LOST', 'FILL_MISSING']);

describe('npm run torture', () => {
  const command = '../test/e2e/torture/main.ts';

  test('is this command, and every step has a name of its own', async () => {
    const { code, stdout } = await runExample(command, ['--help']);
    expect({ code, usage: stdout.split('\n')[0] }).toEqual({
      code: 0,
      usage: 'usage: npm run torture -- [options]',
    });
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['torture']?.split(' ').at(-1)).toBe('test/e2e/torture/main.ts');
    expect(new Set(STEPS.map(({ step }) => step)).size).toBe(STEPS.length);
  });

  test('ends with exit code 1 and says what it found', async () => {
    const json = join(folderOfTest(), 'report.json');
    const args = ['--kills', '2', '--defect', 'reservations-not-rebuilt', '--json', json];
    const { code, stdout } = await runExample(command, args, { tmp: folderOfTest() });
    expect(code).toBe(1);
    const report = JSON.parse(readFileSync(json, 'utf8')) as TortureReport;
    expect(report).toMatchObject({ kills: 2, restarts: 3 });
    expect(report.violations.length).toBeGreaterThan(0);
    expect(stdout).toContain(`violations     ${String(report.violations.length)}\n`);
  });
});
