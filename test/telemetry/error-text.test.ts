import { expect, test } from 'vitest';
import { errorText } from '../../src/telemetry/error-text.ts';

test.each([
  [new TypeError('no'), 'TypeError: no'],
  ['text', 'text'],
  [undefined, 'undefined'],
  [Symbol('s'), 'Symbol(s)'],
  [new Error('connect postgres://app:hunter2@db refused'), 'Error: connect postgres://[redacted]@db refused'],
])('%s', (thrown, text) => {
  expect(errorText(thrown)).toBe(text);
});

test.each([
  ['without a prototype', Object.create(null) as unknown],
  [
    'with a toString that throws',
    {
      toString: () => {
        throw new Error('no');
      },
    },
  ],
])('what cannot be made text, %s, is no error of its own', (_, thrown) => {
  expect(errorText(thrown)).toBe('something that cannot be read as text');
});
