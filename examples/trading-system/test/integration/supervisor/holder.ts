/** A supervisor of two children in a process of its own. It says their pids, and goes on. */
import { fileURLToPath } from 'node:url';
import { spawnNode } from '../../../supervisor/spawned.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

for (const mode of ['serve', 'serve']) {
  const { pid } = spawnNode({
    ...{ args: [CHILD, mode], env: {} },
    onLine: () => {
      console.log(pid);
    },
  });
}
setInterval(() => undefined, 60_000);
