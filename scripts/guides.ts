import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ERROR_CATALOGUE } from '../src/core/errors.ts';
import { DENIAL_CATALOGUE } from '../src/trading/denial.ts';
import { codesInUse } from './codes.ts';
import { gatesIn, mandatoryGates } from './gate-tables.ts';
import { tradingMetrics } from './metric-tables.ts';
import { root } from './rooms.ts';

/**
 * Fills in the parts of README and the guides that are made from code: between `<!-- code FILE -->`, `<!-- output FILE -->`,
 * `<!-- catalogue NAME -->` and the next `<!-- end -->`. A test holds them to it.
 */

/** Every guide, as a path below the root. */
export const guides = (): readonly string[] =>
  readdirSync(`${root}docs/guides`)
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/guides/${file}`);

/** What the examples say of themselves, as paths below the root. */
export const exampleReadmes = (): readonly string[] =>
  readdirSync(`${root}examples`)
    .map((folder) => `examples/${folder}/README.md`)
    .filter((path) => existsSync(`${root}${path}`));

/** README, every guide and the examples: the pages with parts that are made from code. */
export const pages = (): readonly string[] => ['README.md', ...guides(), ...exampleReadmes()];

const PART = /(<!-- (code|output|catalogue) (\S+) -->\n).*?(<!-- end -->)/gs;

/** A page as it should be. `output` runs an example and gives what it printed. */
export async function fillPage(
  path: string,
  text: string,
  output: (example: string) => string | Promise<string>,
): Promise<string> {
  let filled = '';
  let from = 0;
  for (const match of text.matchAll(PART)) {
    const [whole, begin = '', kind = '', name = '', end = ''] = match;
    const part =
      kind === 'code'
        ? fence(extname(name) === '.yml' ? 'yaml' : 'ts', readFileSync(`${root}${name}`, 'utf8'))
        : kind === 'output'
          ? fence('text', await output(name))
          : catalogue(name);
    filled += `${text.slice(from, match.index)}${begin}\n${part}\n${end}`;
    from = match.index + whole.length;
  }
  filled += text.slice(from);
  return format(filled, { ...(await resolveConfig(`${root}${path}`)), parser: 'markdown' });
}

const fence = (language: string, text: string): string => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\n`;

function catalogue(name: string): string {
  switch (name) {
    case 'errors':
      return table(
        ['code', 'retryable', 'meaning'],
        Object.entries(ERROR_CATALOGUE).map(([code, { retryable, meaning }]) => [
          `\`${code}\``,
          retryable ? 'yes' : 'no',
          meaning,
        ]),
      );
    case 'denials': {
      const { denials } = codesInUse();
      return table(
        ['code', 'given by', 'meaning'],
        Object.entries(DENIAL_CATALOGUE).map(([code, meaning]) => {
          const gates = new Set(denials.filter((site) => site.code === code).map(({ gate }) => gate));
          const named = [...gates].filter((gate) => gate !== '*').map((gate) => `\`${gate}\``);
          return [`\`${code}\``, [...(gates.has('*') ? ['any gate'] : []), ...named].join(', '), meaning];
        }),
      );
    }
    case 'risk-gates':
      return gateTable('risk', [
        'gate',
        'what it looks at',
        'asked about',
        'may be overridden',
        'option',
        'codes',
      ]);
    case 'execution-gates':
      return gateTable('execution', ['gate', 'what it looks at', 'may be overridden', 'option', 'codes']);
    case 'trading-metrics':
      return table(
        ['metric', 'kind', 'labels', 'what it says', 'exposed by'],
        tradingMetrics().map(({ name: metric, kind, labels, help, by }) => [
          `\`${metric}\``,
          kind,
          labels.join('; '),
          help,
          by,
        ]),
      );
    default:
      throw new Error(
        `catalogue ${name}: expected errors, denials, risk-gates, execution-gates or trading-metrics`,
      );
  }
}

/** The gates of an engine: the mandatory ones in the order in which they are asked, then the others. */
function gateTable(room: 'risk' | 'execution', head: readonly string[]): string {
  const ticked = (text: string): string => (text === '' ? '' : `\`${text}\``);
  const mandatory = mandatoryGates(room);
  return table(
    head,
    gatesIn(room, mandatory).map(({ gate, question, exits, overridable, option, codes }) => [
      ticked(gate),
      question,
      ...(room === 'risk' ? [exits ? 'all' : 'entries'] : []),
      mandatory.includes(gate) ? 'never' : overridable ? 'yes' : 'no',
      ticked(option),
      codes.map(ticked).join(', '),
    ]),
  );
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '-'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

/** `npm run docs:update`, after an example or a catalogue has changed. */
if (import.meta.main) {
  execFileSync(process.execPath, [`${root}scripts/build.ts`], { stdio: 'inherit' });
  const run = (example: string): string =>
    execFileSync(process.execPath, [`${root}${example}`], { encoding: 'utf8' });
  for (const path of pages()) {
    const text = readFileSync(`${root}${path}`, 'utf8');
    const filled = await fillPage(path, text, run);
    if (filled === text) continue;
    writeFileSync(`${root}${path}`, filled);
    console.log(`${path}: updated`);
  }
}
