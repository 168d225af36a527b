import { PortcullisError } from '../../core/errors.ts';
import type { EventCatalogue } from '../event-catalogue.ts';
import type { EventType } from '../event-type.ts';
import type { StartPosition } from '../event-bus.ts';
import type { Topic } from './topic.ts';

export interface ChoiceDeps {
  readonly catalogue: EventCatalogue;
  /** Of every topic of the catalogue. */
  readonly topics: ReadonlyMap<string, Topic>;
}

/** What a subscription or a replay reads. */
export interface Choice {
  /** Types by name; `undefined` for all. */
  readonly names: ReadonlySet<string> | undefined;
  readonly topics: readonly Topic[];
}

/**
 * The topics of types, where all of it can be read from there.
 *
 * @param call that it is for: `subscribe`
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function chooseTopics(
  call: string,
  types: readonly EventType[] | '*',
  from: StartPosition,
  deps: ChoiceDeps,
): Choice {
  const choice = types === '*' ? all(deps) : named(call, types, deps);
  checkStart(call, from, choice.topics);
  return choice;
}

const all = ({ topics }: ChoiceDeps): Choice => ({ names: undefined, topics: [...topics.values()] });

function named(call: string, types: readonly EventType[], { catalogue, topics }: ChoiceDeps): Choice {
  if (types.length === 0) throw invalid(`${call}: types: expected at least one`);
  for (const type of types) {
    if (!catalogue.has(type)) throw invalid(`${call}: ${type.type}: expected types of the bus's catalogue`);
  }
  const names = new Set(types.map(({ topic }) => topic));
  return {
    names: new Set(types.map(({ type }) => type)),
    topics: [...topics.values()].filter(({ name }) => names.has(name)),
  };
}

function checkStart(call: string, from: StartPosition, topics: readonly Topic[]): void {
  if (typeof from === 'string' || !('topic' in from)) return;
  const topic = topics.find(({ name }) => name === from.topic);
  if (topic === undefined) throw invalid(`${call}: from.topic: ${from.topic} has none of the types`);
  if (!/^\d{1,15}$/.test(from.position) || Number(from.position) > topic.taken) {
    throw invalid(
      `${call}: from.position: ${from.position} is none of this bus: expected at most ${topic.taken}`,
    );
  }
}

const invalid = (message: string): PortcullisError => new PortcullisError('OPTION_INVALID', message);
