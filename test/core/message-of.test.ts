import { expect, test } from 'vitest';
import { messageOf } from '../../src/core/message-of.ts';

test.each([
  [new Error('broken'), 'broken'],
  ['text', 'text'],
  [undefined, 'undefined'],
  [7, '7'],
  [Object.create(null), 'something that cannot be read as text'],
  [{ toString: () => ({}) }, 'something that cannot be read as text'],
])('says something of whatever was thrown', (thrown, text) => {
  expect(messageOf(thrown)).toBe(text);
});
