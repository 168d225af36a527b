import type { Migration } from './migration.ts';

/** `snapshots`: one row per snapshot, `ending` as the last line of a snapshot file; `snapshot_parts`: its lines, in order. */
export const snapshots: Migration = {
  id: 3,
  name: 'snapshots',
  sql: `
    CREATE TABLE $schema.snapshots (
      snapshot_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text COLLATE "C" NOT NULL,
      seq bigint NOT NULL,
      ending text NOT NULL,
      UNIQUE (name, seq)
    );
    CREATE TABLE $schema.snapshot_parts (
      snapshot_id bigint NOT NULL REFERENCES $schema.snapshots ON DELETE CASCADE,
      part integer NOT NULL,
      lines text NOT NULL,
      PRIMARY KEY (snapshot_id, part)
    );`,
};
