import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { root } from '../../../scripts/rooms.ts';

const linesOf = (file: string): readonly string[] =>
  readFileSync(`${root}examples/data-ingestor/${file}`, 'utf8').trimEnd().split('\n');

/** What has to go from one list of lines, and what has to come, to make the other: the longest common rest stays. */
function differences(
  from: readonly string[],
  to: readonly string[],
): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  const kept: number[][] = Array.from({ length: from.length + 1 }, () =>
    Array<number>(to.length + 1).fill(0),
  );
  const at = (i: number, j: number): number => kept[i]?.[j] ?? 0;
  for (let i = from.length - 1; i >= 0; i -= 1) {
    for (let j = to.length - 1; j >= 0; j -= 1) {
      const row = kept[i] ?? [];
      row[j] = from[i] === to[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const gone: string[] = [];
  const come: string[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    if (i < from.length && j < to.length && from[i] === to[j]) [i, j] = [i + 1, j + 1];
    else if (j >= to.length || (i < from.length && at(i + 1, j) >= at(i, j + 1))) gone.push(from[i++] ?? '');
    else come.push(to[j++] ?? '');
  }
  return { gone, come };
}

test('two lines put the plain class on the chassis: the import, and the line of the class', () => {
  expect(differences(linesOf('plain-ingestor.ts'), linesOf('ingestor.ts'))).toEqual({
    gone: ['export class Ingestor {'],
    come: [
      "import { BaseEnterpriseService } from 'portcullis/service';",
      "export class Ingestor extends BaseEnterpriseService { constructor() { super({ name: 'ingestor' }); }",
    ],
  });
});

test('the plain class knows nothing of the chassis', () => {
  expect(
    linesOf('plain-ingestor.ts').filter((line) => /portcullis\/(?!core)|'portcullis'/u.test(line)),
  ).toEqual([]);
});

test('lines that changed are counted as they are', () => {
  expect(differences(['a', 'b', 'c'], ['a', 'x', 'c', 'd'])).toEqual({ gone: ['b'], come: ['x', 'd'] });
});
