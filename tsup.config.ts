import { defineConfig } from 'tsup';
import { rooms } from './scripts/rooms.ts';

export default defineConfig({
  // Rooms, and the command; nothing deeper. What two rooms share goes into a chunk, so that a class is one class on every subpath.
  entry: {
    ...Object.fromEntries(rooms().map(({ output, source }) => [output, source])),
    'cli/main': 'src/cli/main.ts',
  },
  format: ['esm'],
  target: 'node22',
  platform: 'node',
  tsconfig: 'tsconfig.json',
  dts: true,
  splitting: true,
  sourcemap: true,
  clean: true,
  // `node:sqlite` has no name without its prefix.
  removeNodeProtocol: false,
});
