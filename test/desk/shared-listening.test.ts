import { expect, test } from 'vitest';
import { onDispose } from '../../src/core/clock.ts';
import { SharedListening } from '../../src/desk/shared-listening.ts';

function shared() {
  const heard: string[] = [];
  const listening = new SharedListening(() => {
    heard.push('begin');
    return onDispose(() => heard.push('end'));
  });
  return { heard, listening };
}

test('it begins with the first that needs it, and ends with the last', () => {
  const { heard, listening } = shared();
  expect(listening.isOn).toBe(false);
  const [first, second] = [listening.hold(), listening.hold()];
  first[Symbol.dispose]();
  expect([heard, listening.isOn]).toEqual([['begin'], true]);
  second[Symbol.dispose]();
  expect([heard, listening.isOn]).toEqual([['begin', 'end'], false]);
});

test('each lets go once', () => {
  const { listening } = shared();
  const [first] = [listening.hold(), listening.hold()];
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(listening.isOn).toBe(true);
});

test('it can begin again', () => {
  const { heard, listening } = shared();
  for (let round = 0; round < 2; round += 1) listening.hold()[Symbol.dispose]();
  expect(heard).toEqual(['begin', 'end', 'begin', 'end']);
});
