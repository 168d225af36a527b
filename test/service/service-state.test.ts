import { describe, expect, test } from 'vitest';
import { SERVICE_STATES as STATES, step } from '../../src/service/service-state.ts';

const ALLOWED = new Set([
  'created starting',
  'created stopped',
  'starting ready',
  'starting degraded',
  'starting draining',
  'ready degraded',
  'ready draining',
  'degraded ready',
  'degraded draining',
  'draining stopping',
  'stopping stopped',
  'stopping failed',
]);

describe('the states of a service', () => {
  test.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))('%s -> %s', (from, to) => {
    if (ALLOWED.has(`${from} ${to}`)) expect(step(from, to)).toBe(to);
    else expect(() => step(from, to)).toThrow(`a service that is ${from} cannot become ${to}`);
  });
});
