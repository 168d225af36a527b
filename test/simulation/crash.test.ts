import { describe, expect, test } from 'vitest';
import { crashState } from '../../src/simulation/crash.ts';

const MINUTE_MS = 60_000;
const crash = {
  atFraction: 0.5,
  depthFraction: 0.5,
  fallMinutes: 40,
  recoveryFraction: 0.25,
  recoveryMinutes: 80,
};
const bottom = Math.log(0.5);

describe('crashState', () => {
  test.for([
    ['before it', -1, { shift: 0, stress: 0, falling: false }],
    ['as it begins', 0, { shift: 0, stress: 0, falling: true }],
    ['when stress is at its height', 10 * MINUTE_MS, { shift: bottom * 0.15625, stress: 1, falling: true }],
    ['half way down', 20 * MINUTE_MS, { shift: bottom / 2, stress: 1, falling: true }],
    ['at the bottom', 40 * MINUTE_MS, { shift: bottom, stress: 1, falling: false }],
    ['half way back', 80 * MINUTE_MS, { shift: bottom * 0.875, stress: 0.5, falling: false }],
    ['when it is over', 120 * MINUTE_MS, { shift: bottom * 0.75, stress: 0, falling: false }],
    ['long after', 9_999 * MINUTE_MS, { shift: bottom * 0.75, stress: 0, falling: false }],
  ] as const)('%s', ([, sinceMs, state]) => {
    const { shift, stress, falling } = crashState(crash, sinceMs);
    expect({ stress, falling }).toEqual({ stress: state.stress, falling: state.falling });
    expect(shift + 0).toBeCloseTo(state.shift, 12);
  });
});
