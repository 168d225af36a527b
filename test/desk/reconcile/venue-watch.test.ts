import { expect, test } from 'vitest';
import { DeskWorld } from '../../support/desk-world.ts';

const questionsFor = ({ driver }: DeskWorld): number =>
  driver.asked.filter((asked) => asked.startsWith('fills')).length;

test('a storm of fills of others asks for the list of fills once, and once more for what came meanwhile', async () => {
  const world = await DeskWorld.open();
  for (let at = 0; at < 500; at += 1) world.driver.fill(`theirs-${at}`, `e${at}`, '1');
  expect(questionsFor(world)).toBe(1);
  await world.drain();
  expect(questionsFor(world)).toBe(2);
  world.driver.fill('theirs', 'later', '1');
  await world.drain();
  expect(questionsFor(world)).toBe(3);
});
