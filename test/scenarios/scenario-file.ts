import { COLUMNS, type Column, EXPECTED, type Expected, REQUIRED, cellFlaw } from './scenario-cells.ts';
import { isCommand } from './scenario-commands.ts';

/** One step, and what must be seen after it. */
export interface ScenarioRow {
  /** File and line, as an editor jumps to it. */
  readonly at: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly expected: Readonly<Partial<Record<Expected, string>>>;
}

/** One table: a world of its own, from its `SEED` on. */
export interface Scenario {
  readonly file: string;
  readonly title: string;
  readonly rows: readonly ScenarioRow[];
}

/**
 * Reads the tables of a Markdown file: one under each second-level heading, after a sentence that names the sharp edge.
 *
 * @throws {Error} with file and line for whatever cannot be run as it is written
 */
export function parseScenarios(file: string, text: string): Scenario[] {
  const lines = text.split('\n');
  const heads = lines.flatMap((line, index) => (line.startsWith('## ') ? [index] : []));
  const first = heads[0];
  if (first === undefined) throw new Error(`${file}:1: no scenario: expected a heading with ##`);
  const stray = lines.slice(0, first).findIndex((line) => line.startsWith('|'));
  if (stray !== -1) throw new Error(`${file}:${stray + 1}: a table outside a scenario`);
  return heads.map((head, index) => section(file, lines, head, heads[index + 1] ?? lines.length));
}

function section(file: string, lines: readonly string[], head: number, end: number): Scenario {
  const title = (lines[head] ?? '').slice(3).trim();
  const own = lines.slice(head + 1, end);
  const tableAt = own.findIndex((line) => line.startsWith('|'));
  const where = `${file}:${head + 1}`;
  if (tableAt === -1) throw new Error(`${where}: "${title}" has no table`);
  if (own.slice(0, tableAt).join('').trim() === '')
    throw new Error(`${where}: "${title}" does not say why: expected a sentence before its table`);
  const length = own.slice(tableAt).findIndex((line) => !line.startsWith('|'));
  const table = own.slice(tableAt, length === -1 ? undefined : tableAt + length);
  const rest = own.slice(tableAt + table.length).findIndex((line) => line.startsWith('|'));
  if (rest !== -1) throw new Error(`${where}: "${title}" has a second table`);
  const startLine = head + 2 + tableAt;
  const columns = readHeader(`${file}:${startLine}`, table[0] ?? '', table[1] ?? '');
  const rows = table
    .slice(2)
    .map((line, index) => readRow(`${file}:${startLine + 2 + index}`, columns, line));
  const [step] = rows;
  if (step === undefined) throw new Error(`${file}:${startLine}: a table without rows`);
  if (step.command !== 'SEED') throw new Error(`${step.at}: expected SEED as the first step`);
  return { file, title, rows };
}

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''));

function readHeader(at: string, header: string, ruler: string): readonly Column[] {
  const names = cellsOf(header);
  const unknown = names.find((name) => !(COLUMNS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`${at}: no such column: "${unknown}"`);
  if (new Set(names).size !== names.length) throw new Error(`${at}: a column twice`);
  const missing = REQUIRED.find((column) => !names.includes(column));
  if (missing !== undefined) throw new Error(`${at}: the column "${missing}" is missing`);
  if (!/^\|( *:?-+:? *\|)+$/.test(ruler.trim())) throw new Error(`${at}: expected a ruler below the header`);
  return names as Column[];
}

function readRow(at: string, columns: readonly Column[], line: string): ScenarioRow {
  const cells = cellsOf(line);
  if (cells.length !== columns.length) {
    throw new Error(`${at}: expected ${columns.length} cells, got ${cells.length}`);
  }
  const cell = (column: Column): string | undefined => cells[columns.indexOf(column)];
  const command = cell('command') ?? '';
  if (!isCommand(command)) throw new Error(`${at}: no such command: "${command}"`);
  const expected: Partial<Record<Expected, string>> = {};
  for (const column of EXPECTED) {
    const text = cell(column);
    if (text === undefined) continue;
    const flaw = cellFlaw(column, text);
    if (flaw !== undefined) throw new Error(`${at}: ${flaw}`);
    expected[column] = text;
  }
  return {
    at,
    command,
    args: (cell('arguments') ?? '').split(/\s+/).filter((word) => word !== ''),
    expected,
  };
}
