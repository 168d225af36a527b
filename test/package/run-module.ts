import { spawnSync } from 'node:child_process';

export interface ModuleRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `code` as an ES module in a fresh process whose imports resolve from `folder`. */
export function runModule(folder: string, code: string): ModuleRun {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', code];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: process.env['PATH'] },
  });
  return { status, stdout, stderr };
}
