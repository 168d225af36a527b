import type { Scenario, ScenarioRow } from './scenario-file.ts';
import { runCommand } from './scenario-commands.ts';
import { seed } from './scenario-seed.ts';
import { Words } from './scenario-words.ts';
import type { ScenarioWorld } from './scenario-world.ts';

/**
 * Plays a table row by row and holds every expectation against what is seen.
 *
 * @returns how many rows ran
 * @throws {Error} with file and line of the first row that is not as it says, naming each cell
 */
export async function runScenario({ rows }: Scenario): Promise<number> {
  let world: ScenarioWorld | undefined;
  let ran = 0;
  for (const row of rows) {
    let verdict = 'ready';
    try {
      if (world === undefined) world = await seed(row.args);
      else verdict = await runCommand(world, row.command, new Words(row.args));
    } catch (error) {
      throw new Error(`${row.at}: ${row.command}: ${String(error)}`, { cause: error });
    }
    compare(row, { verdict, ...world.observe() });
    ran += 1;
  }
  return ran;
}

function compare({ at, command, args, expected }: ScenarioRow, seen: Readonly<Record<string, string>>): void {
  const wrong = Object.entries(expected).flatMap(([column, cell]) =>
    seen[column] === cell ? [] : [`${column}: expected "${cell}", got "${seen[column] ?? 'nothing'}"`],
  );
  if (wrong.length > 0) throw new Error([`${at}: ${command} ${args.join(' ')}`, ...wrong].join('\n  '));
}
