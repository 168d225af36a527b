import { DESK_COMMANDS } from './desk-commands.ts';
import { ORDER_COMMANDS } from './order-commands.ts';
import { type Commands, said } from './scenario-verdict.ts';
import { VENUE_COMMANDS } from './venue-commands.ts';
import type { Words } from './scenario-words.ts';
import type { ScenarioWorld } from './scenario-world.ts';

const COMMANDS: Commands = { ...ORDER_COMMANDS, ...VENUE_COMMANDS, ...DESK_COMMANDS };

/** Every step there is; `SEED` makes the world in which the others happen. */
export const COMMAND_NAMES: readonly string[] = ['SEED', ...Object.keys(COMMANDS)];

export const isCommand = (name: string): boolean => COMMAND_NAMES.includes(name);

/** @throws {Error} for a word that the command does not know */
export async function runCommand(world: ScenarioWorld, name: string, words: Words): Promise<string> {
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(`no such command: ${name}`);
  world.told.length = 0;
  const verdict = await command(world, words);
  words.end();
  const anomalies = world.told.flatMap((event) => (event.kind === 'anomaly' ? [event.code] : []));
  const fresh = [...new Set(anomalies)].filter((code) => !verdict.includes(code));
  return said(verdict, ...fresh);
}
