import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { RiskGuard, type RiskGuardDeps } from '../../src/risk/index.ts';
import { Book } from '../../src/trading/index.ts';
import { WIDE, guardOf } from '../support/guard.ts';

describe('RiskGuard.is', () => {
  const { guard } = guardOf();
  const deps: RiskGuardDeps = {
    book: new Book(),
    clock: new ManualClock(),
    killSwitch: { tradingState: () => 'active' },
  };

  test('knows its own', () => {
    expect(RiskGuard.is(guard)).toBe(true);
  });

  class Lenient extends RiskGuard {
    override confirm(): undefined {
      return undefined;
    }
  }

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a function', () => undefined],
    ['a twin', { reserve: () => undefined, confirm: () => undefined }],
    ['a copy', Object.assign({}, guard)],
    ['an object that inherits from one', Object.create(guard)],
    ['an object with its prototype', Object.create(RiskGuard.prototype)],
    ['a proxy', new Proxy(guard, {})],
    ['a subclass', new Lenient(WIDE, deps)],
  ])('is not taken in by %s', (_name, value) => {
    expect(RiskGuard.is(value)).toBe(false);
  });

  test.each<[string, object, string]>([
    ['method of the class', RiskGuard.prototype, 'confirm'],
    ['static method', RiskGuard, 'is'],
    ['own property', guard, 'confirm'],
  ])('a %s cannot be put in place of ours', (_name, target, key) => {
    expect(Reflect.set(target, key, () => undefined)).toBe(false);
    expect(Reflect.defineProperty(target, key, { value: () => undefined })).toBe(false);
  });

  test('a prototype cannot be put in place of ours', () => {
    expect(Reflect.setPrototypeOf(guard, { confirm: () => undefined })).toBe(false);
  });

  test('a class that adds a field to it cannot be made', () => {
    class Extended extends RiskGuard {
      readonly extra = 1;
    }
    expect(() => new Extended(WIDE, deps)).toThrow(TypeError);
  });
});
