import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const cwd = fileURLToPath(new URL('../../examples/guide/alerts', import.meta.url));
const guide = new URL('../../docs/guides/metrics-that-do-not-lie.md', import.meta.url);

function promtool(...args: readonly string[]): readonly [status: number | null, said: string] {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd, encoding: 'utf8' });
  return [status, stdout + stderr];
}

const missing = promtool('--version')[0] !== 0;
if (missing) console.warn('promtool is not installed: the alert rules of the guide are not tried');

describe.skipIf(missing)('the alert rules of the guide', () => {
  test.each([
    ['check', 'rules', 'service.rules.yml'],
    ['test', 'rules', 'service.rules.test.yml'],
  ])('promtool %s %s %s says what the guide says', (...args) => {
    const [status, said] = promtool(...args);
    expect(status).toBe(0);
    expect(readFileSync(guide, 'utf8')).toContain(`$ promtool ${args.join(' ')}\n${said.trim()}`);
  });
});
