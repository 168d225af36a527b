import { describe } from 'vitest';
import { CLOSED, ISOLATED, OPENED, PROBES, RELEASED, REOPENED, scenarios } from './circuit-script.ts';

describe('open', () => {
  scenarios([
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
  scenarios([
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
  scenarios([
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
