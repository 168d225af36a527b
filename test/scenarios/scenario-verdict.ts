import type { OrderOutcome } from '../../src/trading/index.ts';
import { PortcullisError } from '../../src/core/index.ts';
import type { Words } from './scenario-words.ts';
import type { ScenarioWorld } from './scenario-world.ts';

/** Does a step, and returns what came of it. */
type Command = (world: ScenarioWorld, words: Words) => Promise<string>;
export type Commands = Readonly<Record<string, Command>>;

/** A word and the codes behind it, as a verdict cell has them. */
export const said = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(', ');

export function outcomeText(outcome: OrderOutcome | undefined): string {
  if (outcome === undefined) return 'sent';
  switch (outcome.kind) {
    case 'denied':
      return said('denied', ...new Set(outcome.denials.map(({ code }) => code)));
    case 'accepted':
      return outcome.reduced === undefined
        ? 'accepted'
        : said(`accepted ${outcome.quantity}`, outcome.reduced.code);
    default:
      return outcome.kind;
  }
}

/** What a verb throws is a verdict as well. */
export async function refusable(act: () => Promise<string>): Promise<string> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof PortcullisError) return said('refused', error.code);
    throw error;
  }
}

/** What the venue says about an order without being asked, and what the Book makes of it. */
export async function tell(world: ScenarioWorld, name: string, event: object): Promise<string> {
  const clientOrderId = world.idOf(name);
  const before = world.book.order(clientOrderId)?.cumulative;
  world.venue.driver.tell({ clientOrderId, ...event });
  await world.settle();
  const row = world.book.order(clientOrderId);
  if (!('executionId' in event)) return row?.state ?? 'ignored';
  return row?.cumulative === before ? 'ignored' : 'booked';
}
