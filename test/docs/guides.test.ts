import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { exampleReadmes, fillPage, guides, pages } from '../../scripts/guides.ts';
import { root } from '../../scripts/rooms.ts';

const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** Runs an example in this process, on the sources, and gives what it printed. */
async function output(example: string): Promise<string> {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...parts: unknown[]) => {
    lines.push(format(...parts));
  });
  try {
    await import(`${root}${example}`);
  } finally {
    log.mockRestore();
  }
  return lines.join('\n');
}

const PARTS = /<!-- (?:code|output|catalogue) \S+ -->\n.*?<!-- end -->/gs;

describe('README and the guides', () => {
  test.each(pages())(
    '%s: code, output and catalogues are those of the code',
    { timeout: 60_000 },
    async (path) => {
      const text = read(path);
      // `npm run docs:update` writes what is expected here.
      expect(text).toBe(await fillPage(path, text, output));
    },
  );

  test.each(pages())('%s: no code that nothing runs', (path) => {
    const handwritten = read(path).replaceAll(PARTS, '');
    expect(
      [...handwritten.matchAll(/^```(.*)$/gm)]
        .map(([, language]) => language)
        .filter((_, at) => at % 2 === 0)
        .filter((language) => language !== 'text' && language !== 'sh'),
    ).toEqual([]);
  });

  test.each(pages())('%s: every link to a file leads to one', (path) => {
    const targets = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !existsSync(join(root, dirname(path), target)))).toEqual([]);
  });

  test('README: the order of its example is accepted', async () => {
    expect(await output('examples/order-desk.ts')).toBe('accepted');
  });

  test('all are on the site', () => {
    const { projectDocuments } = JSON.parse(read('typedoc.json')) as { projectDocuments: readonly string[] };
    expect(projectDocuments.toSorted()).toEqual([...guides(), ...exampleReadmes()].toSorted());
  });

  test('every example of the guides is shown with what it prints', () => {
    const text = guides().map(read).join('\n');
    const examples = readdirSync(`${root}examples/guide`).filter((file) => file.endsWith('.ts'));
    const missing = examples.filter(
      (file) =>
        !text.includes(`<!-- code examples/guide/${file} -->`) ||
        !text.includes(`<!-- output examples/guide/${file} -->`),
    );
    expect(missing).toEqual([]);
  });
});
