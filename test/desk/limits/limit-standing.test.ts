import { expect, test } from 'vitest';
import { LimitEngines } from '../../../src/desk/limits/limit-engines.ts';
import { StandingLimits } from '../../../src/desk/limits/limit-standing.ts';
import { parseExecutionLimits } from '../../../src/execution/execution-limits.ts';
import { parseRiskLimits } from '../../../src/risk/index.ts';
import { ANN, execution, limitWorld, risk } from '../support/limit-world.ts';

test('nothing stands beside when an engine does not take it', async () => {
  const { guard, policy, passes, collared } = await limitWorld();
  const standing = new StandingLimits(new LimitEngines(guard, policy));
  const copy = { ...parseExecutionLimits(execution(100)) }; // the policy takes only what was read
  const asked = {
    risk: parseRiskLimits(risk('100')),
    execution: copy,
    by: ANN,
    reason: 'x',
    fileHash: undefined,
  };
  expect(() => standing.ask(asked)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }) as Error);
  expect([passes(50), collared(105)]).toEqual([true, false]);
});
