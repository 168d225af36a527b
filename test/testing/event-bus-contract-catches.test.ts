import { describe, expect, test } from 'vitest';
import type { EventBus } from '../../src/events/index.ts';
import { type EventBusUnderTest, eventBusContract } from '../../src/testing/index.ts';
import { durableSubject } from '../contract/support/embedded-subject.ts';
import { runModel } from '../property/events/support/model-run.ts';
import {
  acknowledgesFirst,
  answersEarly,
  hasNoOrder,
  neverRetries,
  repeats,
  requeuesToAll,
  takesEveryId,
} from './support/sabotaged-bus.ts';
import { cursorsAhead, trimmedByLength } from './support/sabotaged-storage.ts';

type Open = () => Promise<EventBusUnderTest>;

/** Short waits: what a defect loses never comes. */
const HASTE = { patienceMs: 1_000, quietMs: 20 };

const sabotaged =
  (wrap: (bus: EventBus) => EventBus): Open =>
  async () => ({ ...(await durableSubject({ wrap })), ...HASTE });

async function verdict(name: string, open: Open): Promise<'passes' | 'fails'> {
  const contract = eventBusContract.find((each) => each.name === name);
  if (contract === undefined) throw new Error(`no case is called ${name}`);
  return contract.run(open).then(
    () => 'passes',
    () => 'fails',
  );
}

const DEFECTS: readonly (readonly [name: string, open: Open, cases: readonly string[]])[] = [
  [
    'acknowledges before it handles',
    sabotaged(acknowledgesFirst),
    [
      'delivers again what was being handled when the process died',
      'delivers again what a handler has thrown on',
      'gives back at once what it had not handled when it was stopped',
      'handles one at a time unless told otherwise',
    ],
  ],
  [
    'saves places ahead of what was handled',
    async () => ({ ...(await durableSubject({ onCrash: cursorsAhead })), ...HASTE }),
    [
      'delivers again what was being handled when the process died',
      'delivers again what had failed before the process died, in order',
    ],
  ],
  [
    'trims by length alone',
    async () => ({ ...(await durableSubject({ onCrash: trimmedByLength })), ...HASTE }),
    ['delivers what nobody had been given yet when the process died'],
  ],
  [
    'has no order by key',
    sabotaged(hasNoOrder),
    [
      'handles as many keys at once as it may, each in order and one at a time',
      'lets a key wait while other keys go on, even one at a time',
    ],
  ],
  [
    'puts letters back for every group',
    sabotaged(requeuesToAll),
    [
      'puts letters back for their group only, with all attempts before them',
      'does not give what was put back to groups that come later, or to replays',
    ],
  ],
  [
    'takes every id as new',
    sabotaged(takesEveryId),
    ['takes an id of one source once', 'knows the ids that it took before it was opened anew'],
  ],
  [
    'never tries again',
    sabotaged(neverRetries),
    [
      'delivers again what a handler has thrown on',
      'gives an event up after as many attempts as it may take',
    ],
  ],
  [
    'delivers some events twice',
    sabotaged(repeats),
    ['takes events in the order of calls, none of them awaited', 'replays what is there, and moves no group'],
  ],
  [
    'answers before it has the event',
    sabotaged(answersEarly),
    ['refuses data off its schema by field, value and expectation, and delivers nothing'],
  ],
];

describe('the contract of a bus', { timeout: 60_000 }, () => {
  test.each(DEFECTS)('catches one that %s', async (_, open, cases) => {
    const verdicts = await Promise.all(cases.map((name) => verdict(name, open)));
    expect(cases.filter((_name, at) => verdicts[at] === 'passes')).toEqual([]);
  });

  test('passes the same cases without a defect', async () => {
    const cases = [...new Set(DEFECTS.flatMap(([, , names]) => names))];
    const open: Open = async () => ({ ...(await durableSubject()), patienceMs: 10_000, quietMs: 20 });
    const verdicts = await Promise.all(cases.map((name) => verdict(name, open)));
    expect(cases.filter((_name, at) => verdicts[at] === 'fails')).toEqual([]);
  });
});

describe('the model of a bus', { timeout: 60_000 }, () => {
  const caught = (open: Open) =>
    runModel(open, { runs: 200, maxCommands: 40, patienceMs: 1_000, isHasty: true, seed: 20_261_121 });

  test.each<readonly [string, Open, RegExp]>([
    ['acknowledges before it handles', sabotaged(acknowledgesFirst), /beside|before|lost/],
    ['has no order by key', sabotaged(hasNoOrder), /beside|before/],
    ['puts letters back for every group', sabotaged(requeuesToAll), /again|never published|lost/],
    ['never tries again', sabotaged(neverRetries), /before|lost/],
    ['delivers some events twice', sabotaged(repeats), /again/],
    [
      'saves places ahead of what was handled',
      async () => durableSubject({ onCrash: cursorsAhead }),
      /lost|before/,
    ],
    ['trims by length alone', async () => durableSubject({ onCrash: trimmedByLength }), /lost|before/],
  ])('catches one that %s', async (_, open, what) => {
    await expect(caught(open)).rejects.toSatisfy((error: Error) => {
      const cause = error.cause as { message: string; actual?: unknown };
      return what.test(`${cause.message} ${JSON.stringify(cause.actual)}`);
    });
  });
});
