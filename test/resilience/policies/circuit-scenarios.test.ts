import { describe, expect, test } from 'vitest';
import type { CircuitBreakerOptions } from '../../../src/resilience/index.ts';
import { play } from './circuit-script.ts';

/*
 * The state machine as tables. Unless a row says otherwise: at least 4 calls, half of them bad, within 10 s; slow above
 * 1 s; open for 5 s, at most 20 s; a probe has 3 s.
 */

const OPENED = 'closed > open: failure-rate';
const PROBES = 'open > half-open: probe-due';
const REOPENED = 'half-open > open: probe-failed';
const CLOSED = 'half-open > closed: probe-succeeded';
const ISOLATED = (from: string): string => `${from} > isolated: isolated`;
const RELEASED = 'isolated > closed: released';

interface Scenario {
  readonly name: string;
  readonly options?: CircuitBreakerOptions;
  readonly script: string;
  readonly changes?: readonly string[];
}

const tell = (scenarios: readonly Scenario[]): void => {
  test.each(scenarios)('$name', async ({ script, options, changes = [] }) => {
    expect(await play(script, options)).toEqual(changes);
  });
};

describe('closed', () => {
  tell([
    { name: 'lets calls through that succeed', script: 'ok 100; expect closed' },
    { name: 'does not open on the very first failure', script: 'fail; expect closed' },
    {
      name: 'stays closed on bad calls only, one short of the minimum',
      script: 'fail 3; expect closed; ok; expect closed',
    },
    { name: 'opens with exactly the minimum', script: 'fail 4; expect open; refused', changes: [OPENED] },
    { name: 'opens at exactly the rate', script: 'ok 2; fail 2; expect open', changes: [OPENED] },
    {
      name: 'stays closed just under the rate',
      script: 'ok 3; fail 2; expect closed; ok 99; fail 98; expect closed',
    },
    {
      name: 'opens just over the rate',
      script: 'ok 99; fail 98; expect closed; fail; expect open',
      options: { minCalls: 197 },
      changes: [OPENED],
    },
    {
      name: 'opens at a rate that binary fractions cannot hold',
      options: { failureRate: 0.3, minCalls: 10 },
      script: 'ok 7; fail 3; expect open',
      changes: [OPENED],
    },
    {
      name: 'a rate of 1 needs every call to be bad',
      options: { failureRate: 1 },
      script: 'ok; fail 50; expect closed',
    },
    {
      name: 'a rate of 1 opens when every call is bad',
      options: { failureRate: 1 },
      script: 'fail 4; expect open',
      changes: [OPENED],
    },
    {
      name: 'one call can be enough when that is asked for',
      options: { minCalls: 1 },
      script: 'fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'a success never opens it, also when it completes the minimum',
      script: 'fail 3; ok; expect closed; fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'refusals that show life count as successes',
      script: 'alive 3; fail 2; expect closed; fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'aborts and refusals of this side count neither way',
      script: 'unknown 50; fail 3; expect closed; unknown 50; fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'aborts do not dilute the failures',
      script: 'ok 2; unknown 100; fail 2; expect open',
      changes: [OPENED],
    },
    {
      name: 'a call counts when it ends, not when it begins',
      script:
        'start a; start b; start c; start d; expect closed; end a fail; end b fail; end c fail; expect closed; end d fail; expect open',
      changes: [OPENED],
    },
  ]);
});

describe('slow calls', () => {
  tell([
    { name: 'open it like failures', script: 'slow 4; expect open', changes: [OPENED] },
    { name: 'add up with failures', script: 'ok 2; slow; fail; expect open', changes: [OPENED] },
    {
      name: 'that take exactly the limit are in time',
      script: 'start a; advance 1000; end a ok; fail; ok 2; expect closed',
    },
    {
      name: 'that take a millisecond more are not',
      script: 'start a; advance 1001; end a ok; ok 2; fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'are slow also when the answer is a refusal that shows life',
      script: 'start a; advance 1001; end a alive; ok 2; fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'that fail count once',
      script: 'start a; advance 1001; end a fail; ok 2; expect closed; ok; fail; expect closed',
    },
    {
      name: 'are no matter without a limit',
      options: { slowCallMs: Infinity },
      script:
        'start a; start b; start c; start d; advance 9999; end a ok; end b ok; end c ok; end d ok; expect closed',
    },
    {
      name: 'keep it open when they are probes',
      script: 'fail 4; advance 5000; slow; expect open',
      changes: [OPENED, PROBES, REOPENED],
    },
  ]);
});

describe('window', () => {
  tell([
    {
      name: 'forgets failures that are a window old',
      script: 'fail 3; advance 10000; fail 3; expect closed; fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'still has those of the last bucket 1 ms before',
      script: 'fail 3; advance 9999; fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'forgets bucket after bucket',
      script: 'fail 2; advance 1000; fail; advance 9000; fail 2; expect closed; fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'forgets successes as well',
      script: 'ok 10; advance 10000; fail 4; expect open',
      changes: [OPENED],
    },
    {
      name: 'is empty after a gap of many windows',
      script: 'fail 3; advance 1000000; fail 3; expect closed',
    },
    {
      name: 'is empty after a gap that ends in the same bucket of the ring',
      script: 'fail 3; advance 20000; fail 3; expect closed',
    },
    {
      name: 'is empty after it was closed again',
      script: 'fail 4; advance 5000; ok; fail 3; expect closed; fail; expect open',
      changes: [OPENED, PROBES, CLOSED, OPENED],
    },
  ]);
});

describe('open', () => {
  tell([
    {
      name: 'refuses until its time is over, and says when',
      script: 'fail 4; refused 5000; advance 4999; refused 1; advance 1; start a',
      changes: [OPENED, PROBES],
    },
    { name: 'does not move by itself', script: 'fail 4; advance 100000; expect open', changes: [OPENED] },
    {
      name: 'ignores late failures of the time before',
      script: 'start a; fail 4; end a fail; refused 5000; expect open',
      changes: [OPENED],
    },
    {
      name: 'ignores late successes of the time before',
      script: 'start a; fail 4; end a ok; expect open; refused 5000',
      changes: [OPENED],
    },
  ]);
});

describe('half-open', () => {
  tell([
    {
      name: 'one probe, the others are refused',
      script:
        'fail 4; advance 5000; start a; refused 3000; refused; advance 1000; refused 2000; end a ok; ok 10; expect closed',
      changes: [OPENED, PROBES, CLOSED],
    },
    {
      name: 'success of the probe closes',
      script: 'fail 4; advance 5000; ok; expect closed',
      changes: [OPENED, PROBES, CLOSED],
    },
    {
      name: 'so does a refusal that shows life',
      script: 'fail 4; advance 5000; alive; expect closed',
      changes: [OPENED, PROBES, CLOSED],
    },
    {
      name: 'failure of the probe opens for twice as long',
      script:
        'fail 4; advance 5000; fail; refused 10000; advance 9999; refused 1; advance 1; ok; expect closed',
      changes: [OPENED, PROBES, REOPENED, PROBES, CLOSED],
    },
    {
      name: 'and so on up to the maximum',
      options: { maxOpenMs: 15_000 },
      script:
        'fail 4; advance 5000; fail; advance 10000; fail; refused 15000; advance 15000; fail; refused 15000',
      changes: [OPENED, PROBES, REOPENED, PROBES, REOPENED, PROBES, REOPENED],
    },
    {
      name: 'after closing it begins again with the short time',
      script: 'fail 4; advance 5000; fail; advance 10000; ok; fail 4; refused 5000',
      changes: [OPENED, PROBES, REOPENED, PROBES, CLOSED, OPENED],
    },
    {
      name: 'a probe that says nothing leaves its place to the next',
      script: 'fail 4; advance 5000; unknown; expect half-open; unknown 3; fail; refused 10000',
      changes: [OPENED, PROBES, REOPENED],
    },
    {
      name: 'a probe whose caller aborts leaves its place at once, also when its work hangs',
      script:
        'fail 4; advance 5000; start a; refused; abort a; start b; refused 3000; end b ok; expect closed',
      changes: [OPENED, PROBES, CLOSED],
    },
    {
      name: 'the late result of an aborted probe whose place was taken is ignored',
      script:
        'fail 4; advance 5000; start a; abort a; start b; end a ok; expect half-open; refused 3000; end b fail; expect open',
      changes: [OPENED, PROBES, REOPENED],
    },
    {
      name: 'a probe that hangs gives way when its time is over',
      script:
        'fail 4; advance 5000; start a; advance 2999; refused 1; advance 1; start b; refused 3000; end b ok; expect closed',
      changes: [OPENED, PROBES, CLOSED],
    },
    {
      name: 'the late failure of a hanging probe is ignored',
      script:
        'fail 4; advance 5000; start a; advance 3000; start b; end a fail; expect half-open; end b ok; expect closed',
      changes: [OPENED, PROBES, CLOSED],
    },
    {
      name: 'the late success of a hanging probe is ignored',
      script:
        'fail 4; advance 5000; start a; advance 3000; start b; end a ok; expect half-open; end b fail; expect open',
      changes: [OPENED, PROBES, REOPENED],
    },
    {
      name: 'a late probe whose place nobody took still counts',
      script: 'fail 4; advance 5000; start a; advance 9000; end a fail; expect open',
      changes: [OPENED, PROBES, REOPENED],
    },
    {
      name: 'results of the time before it opened are ignored',
      script:
        'start a; start b; fail 4; advance 5000; start p; end a ok; expect half-open; end b fail; expect half-open; end p ok; expect closed',
      changes: [OPENED, PROBES, CLOSED],
    },
    {
      name: 'results of an earlier closed time do not count in the next',
      script:
        'start a; start b; start c; start d; fail 4; advance 5000; ok; end a fail; end b fail; end c fail; end d fail; expect closed',
      changes: [OPENED, PROBES, CLOSED],
    },
    {
      name: 'the minimum does not hold for probes',
      options: { minCalls: 20 },
      script: 'fail 20; advance 5000; fail; expect open',
      changes: [OPENED, PROBES, REOPENED],
    },
  ]);
});

describe('isolated', () => {
  tell([
    {
      name: 'refuses everything, for no known time',
      script: 'isolate; refused never; advance 1000000; refused never; expect isolated',
      changes: [ISOLATED('closed')],
    },
    {
      name: 'release closes',
      script: 'isolate; release; ok; expect closed',
      changes: [ISOLATED('closed'), RELEASED],
    },
    {
      name: 'the window is empty afterwards',
      script: 'fail 3; isolate; release; fail 3; expect closed; fail; expect open',
      changes: [ISOLATED('closed'), RELEASED, OPENED],
    },
    {
      name: 'results of calls under way change nothing',
      script: 'start a; start b; isolate; end a ok; end b fail; expect isolated',
      changes: [ISOLATED('closed')],
    },
    {
      name: 'nor do they count after the release',
      script:
        'start a; start b; start c; start d; isolate; release; end a fail; end b fail; end c fail; end d fail; expect closed',
      changes: [ISOLATED('closed'), RELEASED],
    },
    {
      name: 'wins over open',
      script: 'fail 4; isolate; advance 5000; refused never',
      changes: [OPENED, ISOLATED('open')],
    },
    {
      name: 'wins over half-open, and the probe changes nothing',
      script: 'fail 4; advance 5000; start a; isolate; end a ok; expect isolated; refused never',
      changes: [OPENED, PROBES, ISOLATED('half-open')],
    },
    {
      name: 'a probe that says nothing does not undo it',
      script: 'fail 4; advance 5000; start a; isolate; end a unknown; expect isolated',
      changes: [OPENED, PROBES, ISOLATED('half-open')],
    },
    {
      name: 'release forgets the doubled time',
      script: 'fail 4; advance 5000; fail; isolate; release; fail 4; refused 5000',
      changes: [OPENED, PROBES, REOPENED, ISOLATED('open'), RELEASED, OPENED],
    },
    {
      name: 'twice is once',
      script: 'isolate; isolate; release; expect closed',
      changes: [ISOLATED('closed'), RELEASED],
    },
    {
      name: 'release does nothing when closed',
      script: 'fail 3; release; fail; expect open',
      changes: [OPENED],
    },
    {
      name: 'release does not open the way when open',
      script: 'fail 4; release; refused 5000',
      changes: [OPENED],
    },
    {
      name: 'release does not take the place of a probe',
      script: 'fail 4; advance 5000; start a; release; refused 3000',
      changes: [OPENED, PROBES],
    },
  ]);
});
