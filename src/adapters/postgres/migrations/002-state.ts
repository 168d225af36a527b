import type { Migration } from './migration.ts';

/**
 * `state_stores`: one row per store, whose `version` is the last one given; `state`: its entries. Writers of a store take turns by
 * its row, so that versions grow in the order in which changes can be seen. A version is at least the server's time in
 * microseconds: one given before a loss of data (a restored backup, a failover) is not given again after it.
 *
 * What is done while a store is locked takes the same time however many entries it has: the time is looked at once, so that the index
 * of expiry can be asked with it, and a plan that was made for an empty table does not read a full one from end to end.
 */
export const state: Migration = {
  id: 2,
  name: 'state',
  sql: `
    CREATE TABLE $schema.state_stores (
      store text COLLATE "C" PRIMARY KEY,
      version bigint NOT NULL
    ) WITH (fillfactor = 50);
    CREATE TABLE $schema.state (
      store text COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      value text NOT NULL,
      version bigint NOT NULL,
      expires_at_ms bigint,
      PRIMARY KEY (store, key)
    );
    CREATE INDEX state_expiry ON $schema.state (store, expires_at_ms) WHERE expires_at_ms IS NOT NULL;

    CREATE FUNCTION $schema.now_ms() RETURNS bigint LANGUAGE sql VOLATILE SET search_path = pg_catalog
      AS $body$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $body$;

    CREATE FUNCTION $schema.state_purge(in_store text, in_most bigint) RETURNS bigint
      LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog SET enable_seqscan = off SET enable_bitmapscan = off AS $body$
    DECLARE
      now_ms bigint := $schema.now_ms();
      purged bigint;
    BEGIN
      DELETE FROM $schema.state WHERE ctid = ANY (ARRAY(
        SELECT e.ctid FROM $schema.state e WHERE e.store = in_store AND e.expires_at_ms <= now_ms
        ORDER BY e.expires_at_ms LIMIT in_most));
      GET DIAGNOSTICS purged = ROW_COUNT;
      RETURN purged;
    END $body$;

    CREATE FUNCTION $schema.state_turn(in_store text) RETURNS void
      LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $body$
    BEGIN
      INSERT INTO $schema.state_stores AS s (store, version) VALUES (in_store, 0)
        ON CONFLICT (store) DO UPDATE SET version = s.version;
      PERFORM $schema.state_purge(in_store, 100);
    END $body$;

    CREATE FUNCTION $schema.state_prune(in_store text, in_most bigint) RETURNS bigint
      LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $body$
    BEGIN
      PERFORM 1 FROM $schema.state_stores WHERE store = in_store FOR UPDATE;
      RETURN $schema.state_purge(in_store, in_most);
    END $body$;

    CREATE FUNCTION $schema.state_versions(in_store text, in_count bigint) RETURNS bigint
      LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $body$
      UPDATE $schema.state_stores
        SET version = greatest(version + 1, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint) + in_count - 1
        WHERE store = in_store RETURNING version - in_count + 1
    $body$;

    CREATE FUNCTION $schema.state_put(in_store text, in_key text, in_value text, in_ttl_ms bigint) RETURNS bigint
      LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $body$
      INSERT INTO $schema.state (store, key, value, version, expires_at_ms)
        VALUES (in_store, in_key, in_value, $schema.state_versions(in_store, 1), $schema.now_ms() + in_ttl_ms)
        ON CONFLICT (store, key) DO UPDATE
          SET value = excluded.value, version = excluded.version, expires_at_ms = excluded.expires_at_ms
        RETURNING version
    $body$;

    CREATE FUNCTION $schema.state_set(
      in_store text, in_key text, in_value text, in_ttl_ms bigint, in_if_version bigint,
      OUT outcome text, OUT version bigint
    ) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog SET enable_seqscan = off AS $body$
    DECLARE found_version bigint;
    BEGIN
      PERFORM $schema.state_turn(in_store);
      SELECT e.version INTO found_version FROM $schema.state e
        WHERE e.store = in_store AND e.key = in_key
          AND (e.expires_at_ms IS NULL OR e.expires_at_ms > $schema.now_ms());
      IF in_if_version IS NOT NULL AND in_if_version <> coalesce(found_version, 0) THEN
        outcome := 'conflict'; version := coalesce(found_version, 0);
      ELSE
        outcome := 'written'; version := $schema.state_put(in_store, in_key, in_value, in_ttl_ms);
      END IF;
    END $body$;

    CREATE FUNCTION $schema.state_set_all(in_store text, in_keys text[], in_values text[]) RETURNS void
      LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $body$
    DECLARE first_version bigint;
    BEGIN
      PERFORM $schema.state_turn(in_store);
      first_version := $schema.state_versions(in_store, cardinality(in_keys));
      INSERT INTO $schema.state (store, key, value, version)
        SELECT DISTINCT ON (w.key COLLATE "C") in_store, w.key, w.value, first_version + w.at - 1
        FROM unnest(in_keys, in_values) WITH ORDINALITY AS w (key, value, at)
        ORDER BY w.key COLLATE "C", w.at DESC
        ON CONFLICT (store, key) DO UPDATE
          SET value = excluded.value, version = excluded.version, expires_at_ms = NULL;
    END $body$;

    CREATE FUNCTION $schema.state_delete(
      in_store text, in_key text, in_if_version bigint, OUT outcome text, OUT version bigint
    ) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog SET enable_seqscan = off AS $body$
    BEGIN
      PERFORM $schema.state_turn(in_store);
      SELECT e.version INTO version FROM $schema.state e
        WHERE e.store = in_store AND e.key = in_key
          AND (e.expires_at_ms IS NULL OR e.expires_at_ms > $schema.now_ms());
      IF version IS NULL THEN
        outcome := 'absent';
      ELSIF in_if_version IS NOT NULL AND in_if_version <> version THEN
        outcome := 'conflict';
      ELSE
        outcome := 'deleted';
        DELETE FROM $schema.state e WHERE e.store = in_store AND e.key = in_key;
      END IF;
    END $body$;`,
};
