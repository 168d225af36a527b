import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A subpath of the package: a folder under `src/` with an `index.ts`, or `src/index.ts` itself. */
export interface Room {
  /** `index` for the root, otherwise the folder: `risk`, `adapters/redis`. */
  readonly name: string;
  /** As a user imports it: `portcullis`, `portcullis/risk`. */
  readonly specifier: string;
  /** Key in `exports` of package.json: `.`, `./risk`. */
  readonly subpath: string;
  readonly source: string;
  /** Path of the built module below `dist/`, without its extension. */
  readonly output: string;
}

/** Every room that exists, the root first, the others by name. Build, exports, API reports and docs all follow it. */
export function rooms(): readonly Room[] {
  const folders = [...subfolders('src'), ...subfolders('src/adapters').map((peer) => `adapters/${peer}`)];
  const found: Room[] = [];
  if (existsSync(`${root}src/index.ts`)) {
    found.push({
      name: 'index',
      specifier: 'portcullis',
      subpath: '.',
      source: 'src/index.ts',
      output: 'index',
    });
  }
  for (const name of folders.sort()) {
    const source = `src/${name}/index.ts`;
    if (!existsSync(`${root}${source}`)) continue;
    found.push({
      name,
      specifier: `portcullis/${name}`,
      subpath: `./${name}`,
      source,
      output: `${name}/index`,
    });
  }
  return found;
}

function subfolders(folder: string): string[] {
  if (!existsSync(`${root}${folder}`)) return [];
  return readdirSync(`${root}${folder}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
