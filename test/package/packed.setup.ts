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
    /** Another one, with all optional peers beside it. */
    consumerWithPeers: string;
  }
}

/** Builds if needed, packs, and unpacks the tarball as `node_modules/portcullis` of an empty project. Once per run. */
export default function setup({ provide }: TestProject): () => void {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'inherit' });

  const folder = mkdtempSync(join(tmpdir(), 'portcullis-packed-'));
  const packed = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  const tarball = join(folder, packed.trim());
  const dependencies = productionPackages();
  provide('consumer', install(tarball, join(folder, 'alone'), dependencies));
  provide('consumerWithPeers', install(tarball, join(folder, 'with-peers'), [...dependencies, ...peers()]));
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}

/** @returns the consumer's folder */
function install(tarball: string, consumer: string, packages: readonly string[]): string {
  const installed = join(consumer, 'node_modules/portcullis');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  for (const path of packages) {
    const link = join(consumer, path);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, path), link);
  }
  return consumer;
}

/** What a user of every adapter installs besides. */
function peers(): string[] {
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>;
  };
  return Object.keys(peerDependencies).map((name) => `node_modules/${name}`);
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
