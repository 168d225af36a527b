import { describe, expect, test } from 'vitest';
import { person, requirePerson, system } from '../../src/core/index.ts';

describe('requirePerson', () => {
  test('lets a named person with a reason pass', () => {
    expect(() => {
      requirePerson(person('ada'), 'month end', 'flow');
    }).not.toThrow();
  });

  test.each([
    [system('scheduler'), 'month end'],
    [person(''), 'month end'],
    [person('  '), 'month end'],
    [person('ada'), ''],
    [person('ada'), ' \n'],
  ])('refuses %j with the reason %j', (by, reason) => {
    expect(() => {
      requirePerson(by, reason, 'flow');
    }).toThrow(
      expect.objectContaining({
        code: 'PRINCIPAL_REQUIRED',
        message: `flow: expected a named person and a reason, got ${by.kind} ${JSON.stringify(by.id)} and reason ${JSON.stringify(reason)}`,
      }),
    );
  });

  test.each([
    [undefined, undefined],
    [{ kind: 'person' }, 'month end'],
    [person('ada'), 7],
  ])('refuses what is none: %j with the reason %j', (by, reason) => {
    expect(() => {
      requirePerson(by as never, reason as never, 'flow');
    }).toThrow(expect.objectContaining({ code: 'PRINCIPAL_REQUIRED' }));
  });
});
