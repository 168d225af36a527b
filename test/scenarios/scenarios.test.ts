import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { EXPECTED, type Expected } from './scenario-cells.ts';
import { COMMAND_NAMES } from './scenario-commands.ts';
import { type Scenario, type ScenarioRow, parseScenarios } from './scenario-file.ts';
import { runScenario } from './scenario-run.ts';

const folder = new URL('.', import.meta.url);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .sort();
const scenarios = files.flatMap((file) => parseScenarios(file, readFileSync(new URL(file, folder), 'utf8')));

/** Each is played once, whoever asks first. */
const played = new Map<Scenario, Promise<number>>();
const play = (scenario: Scenario): Promise<number> => {
  const present = played.get(scenario) ?? runScenario(scenario);
  played.set(scenario, present);
  return present;
};

describe.each(files)('%s', (file) => {
  const own = scenarios.filter((scenario) => scenario.file === file);

  test.each(own.map((scenario) => [scenario.title, scenario] as const))('%s', async (_, scenario) => {
    await expect(play(scenario)).resolves.toBe(scenario.rows.length);
  });
});

describe('the tables', () => {
  test('are 150 rows or more that really ran', async () => {
    const results = await Promise.allSettled(scenarios.map(play));
    const ran = results.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0);
    process.stdout.write(`scenario tables: ${ran} rows ran in ${scenarios.length} tables\n`);
    expect(ran).toBeGreaterThanOrEqual(150);
  });

  test('are on the site, and every step and column is explained there', () => {
    const guide = readFileSync(new URL('../../docs/guides/scenarios.md', folder), 'utf8');
    const [front = '', ...text] = guide.split('\n# ');
    const pages = [...front.matchAll(/^ +- \.\.\/\.\.\/test\/scenarios\/(.*)$/gm)].map(([, file]) => file);
    expect(pages.toSorted()).toEqual(files);
    const explained = [...text.join().matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
    expect(explained.toSorted()).toEqual([...COMMAND_NAMES, ...EXPECTED].toSorted());
  });

  test('leave out no step', () => {
    const used = new Set(scenarios.flatMap(({ rows }) => rows.map(({ command }) => command)));
    expect([...used].toSorted()).toEqual(COMMAND_NAMES.toSorted());
  });

  test('have a name each', () => {
    const names = scenarios.map(({ file, title }) => `${file} ${title}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** Well-formed, and never what is seen where the original is right. */
const other: Readonly<Record<Expected, (cell: string) => string>> = {
  verdict: (cell) => (cell === 'ok' ? 'denied' : 'ok'),
  hold: (cell) => (cell === 'none' ? 'buy 99' : 'none'),
  position: (cell) => (cell === 'flat' ? '99' : 'flat'),
  trading: (cell) => (cell === 'active' ? 'reducing' : 'active'),
  orders: (cell) => (cell === 'none' ? 'zz working' : 'none'),
  sent: (cell) => String(Number(cell) + 1),
  cash: (cell) => `${cell.split('.')[0] ?? ''}1`,
};

describe('a changed expectation', () => {
  test.each(EXPECTED)('of %s fails, and is named with its line', async (column) => {
    const scenario = scenarios.find(({ rows }) =>
      rows.every(({ expected }) => expected[column] !== undefined),
    );
    const row = scenario?.rows.at(-1);
    if (scenario === undefined || row === undefined) throw new Error(`no table has the column ${column}`);
    await expect(runScenario(changed(scenario, row, column))).rejects.toThrow(
      new RegExp(`^${row.at}: .*\n +${column}: expected`),
    );
  });

  test.each(scenarios.map((scenario) => [`${scenario.file}: ${scenario.title}`, scenario] as const))(
    'of any column of the last row fails: %s',
    async (_, scenario) => {
      const row = scenario.rows.at(-1);
      if (row === undefined) throw new Error('no row');
      for (const column of Object.keys(row.expected) as Expected[])
        await expect(runScenario(changed(scenario, row, column))).rejects.toThrow(row.at);
    },
  );
});

function changed(scenario: Scenario, row: ScenarioRow, column: Expected): Scenario {
  const wrong = {
    ...row,
    expected: { ...row.expected, [column]: other[column](row.expected[column] ?? '') },
  };
  return { ...scenario, rows: scenario.rows.map((one) => (one === row ? wrong : one)) };
}

describe('a file that cannot be run as it is written', () => {
  const head = '# Theme\n\n## Edge\n\nBecause.\n\n';
  const columns = '| command | arguments | verdict | hold | position | trading | why |\n|-|-|-|-|-|-|-|\n';
  const good = '| SEED | | ready | none | flat | active | |\n';
  const parse = (text: string) => parseScenarios('x.md', text);

  test('is none when it is sound', () => {
    expect(parse(head + columns + good)).toEqual([
      {
        file: 'x.md',
        title: 'Edge',
        rows: [
          {
            at: 'x.md:9',
            command: 'SEED',
            args: [],
            expected: { verdict: 'ready', hold: 'none', position: 'flat', trading: 'active' },
          },
        ],
      },
    ]);
  });

  test.each([
    ['no scenario', '# Theme\n\ntext\n', 'x.md:1: no scenario'],
    ['a scenario without a table', head, 'x.md:3: "Edge" has no table'],
    ['a table without rows', head + columns, 'x.md:7: a table without rows'],
    ['a scenario that does not say why', `## Edge\n\n${columns}${good}`, 'x.md:1: "Edge" does not say why'],
    ['a table outside a scenario', `${columns}${good}\n${head}${columns}${good}`, 'x.md:1: a table outside'],
    ['a second table', `${head}${columns}${good}\n${columns}${good}`, '"Edge" has a second table'],
    ['an unknown column', head + columns.replace('why', 'colour') + good, 'x.md:7: no such column: "colour"'],
    ['a missing column', head + columns.replace('| trading ', '') + good, 'the column "trading" is missing'],
    ['a column twice', head + columns.replace('why', 'hold') + good, 'x.md:7: a column twice'],
    ['no ruler', `${head}${columns.split('\n')[0] ?? ''}\n${good}`, 'x.md:7: expected a ruler'],
    [
      'an unknown command',
      `${head}${columns}${good}${good.replace('SEED', 'FROB')}`,
      'x.md:10: no such command: "FROB"',
    ],
    ['a first step that is not SEED', head + columns + good.replace('SEED', 'TIME'), 'x.md:9: expected SEED'],
    ['a cell too few', `${head}${columns}${good}| TIME | 1s | ok |\n`, 'x.md:10: expected 7 cells, got 3'],
    ['an empty expectation', head + columns + good.replace('none', ''), 'x.md:9: cannot be read as hold: ""'],
    [
      'an unreadable verdict',
      head + columns + good.replace('ready', 'fine'),
      'cannot be read as verdict: "fine"',
    ],
    ['an unknown code', head + columns + good.replace('ready', 'denied, NO_SUCH'), 'no such code: "NO_SUCH"'],
    ['an unreadable hold', head + columns + good.replace('none', 'some'), 'cannot be read as hold: "some"'],
    [
      'an unreadable position',
      head + columns + good.replace('flat', 'long'),
      'cannot be read as position: "long"',
    ],
    ['an unreadable state', head + columns + good.replace('active', 'on'), 'cannot be read as trading: "on"'],
  ])('with %s is refused', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test.each([
    ['an argument that nobody takes', '| ORDER | a buy 1 at 100 soon |', 'cannot be read: "soon"'],
    ['a missing argument', '| CANCEL | |', 'expected the name of an order'],
    ['a time without a unit', '| TIME | 5 |', 'expected a time such as 5s, got 5'],
  ])('%s fails with its line', async (_, step, message) => {
    const [scenario] = parse(`${head}${columns}${good}${step} ok | none | flat | active | |\n`);
    if (scenario === undefined) throw new Error('no scenario');
    await expect(runScenario(scenario)).rejects.toThrow(new RegExp(`^x.md:10: .*${message}`));
  });
});
