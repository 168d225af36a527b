import { describe } from 'vitest';
import { CLOSED, OPENED, PROBES, REOPENED, scenarios } from './circuit-script.ts';

describe('closed', () => {
  scenarios([
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
  scenarios([
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
  scenarios([
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
