import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { root } from '../../scripts/rooms.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A project folder in which the packed tarball is installed with its dependencies, and nothing else. */
    consumer: string;
  }
}

/** Builds if needed, packs, and unpacks the tarball as `node_modules/portcullis` of an empty project. Once per run. */
export default function setup({ provide }: TestProject): () => void {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'inherit' });

  const consumer = mkdtempSync(join(tmpdir(), 'portcullis-packed-'));
  const installed = join(consumer, 'node_modules/portcullis');
  mkdirSync(installed, { recursive: true });
  const packed = execFileSync(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', consumer],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  execFileSync('tar', ['-xzf', join(consumer, packed.trim()), '-C', installed, '--strip-components=1']);
  for (const path of productionPackages()) {
    const link = join(consumer, path);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, path), link);
  }
  provide('consumer', consumer);
  return () => {
    rmSync(consumer, { recursive: true, force: true });
  };
}

/** Top-level packages that `npm install portcullis` brings: no dev dependency, no peer. */
function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean; peer?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev, devOptional, optional, peer }]) => {
      const topLevel = path.lastIndexOf('node_modules/') === 0;
      return topLevel && !(dev ?? devOptional ?? optional ?? peer ?? false);
    })
    .map(([path]) => path);
}
