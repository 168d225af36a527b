import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../../examples/toy-exchange/', import.meta.url));
const importsOf = (file: string): string[] =>
  [...readFileSync(folder + file, 'utf8').matchAll(/\bfrom '([^']+)'/gu)].map(([, from = '']) => from);

describe('the toy exchange', () => {
  test('shares no code with what is tested against it: an independent witness', () => {
    const files = globSync('*.ts', { cwd: folder });
    expect(files.length).toBeGreaterThan(10);
    const shared = /^(?:portcullis|\.\.)|^\.\/driver|\bsrc\b/u;
    expect(files.filter((file) => importsOf(file).some((from) => shared.test(from)))).toEqual([]);
  });
});
