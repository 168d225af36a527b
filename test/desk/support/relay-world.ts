import { ManualClock } from '../../../src/core/manual-clock.ts';
import { JournalRelay } from '../../../src/desk/events/journal-relay.ts';
import { OutboxLog } from '../../../src/desk/events/outbox-log.ts';
import type { JournalRelayDeps, JournalRelayOptions } from '../../../src/desk/events/relay-options.ts';
import {
  type AppendLog,
  MemoryAppendLog,
  MemorySnapshotStore,
  MemoryStateStore,
} from '../../../src/storage/index.ts';
import { silentLogger } from '../../../src/telemetry/index.ts';
import { NOON_MS } from '../../support/desk-world.ts';
import { INSTRUMENTS, JournalDrive } from '../../support/journal-drive.ts';
import { RecordingBus } from './recording-bus.ts';

/** A journal that is driven by hand, a store and a bus, which outlive relays and restarts of the journal. */
export class RelayWorld {
  readonly clock = new ManualClock(NOON_MS);
  readonly files = new MemoryAppendLog();
  readonly store = new MemoryStateStore({ clock: this.clock });
  readonly snapshots = new MemorySnapshotStore();
  readonly bus = new RecordingBus(this.clock);
  readonly lines: string[] = [];
  log = new OutboxLog(this.files);
  drive!: JournalDrive;

  static async open(): Promise<RelayWorld> {
    const world = new RelayWorld();
    await world.restart();
    return world;
  }

  /** The process comes up again, on other files if so wished. */
  async restart(
    files: AppendLog = this.files,
    options?: ConstructorParameters<typeof OutboxLog>[1],
  ): Promise<void> {
    this.log = new OutboxLog(files, options);
    const { clock, snapshots } = this;
    this.drive = await JournalDrive.open(this.log, { clock, ...(files === this.files && { snapshots }) });
  }

  relay(
    options: Partial<JournalRelayOptions> = {},
    deps: Partial<JournalRelayDeps> = {},
  ): Promise<JournalRelay> {
    const line = (fields: unknown, message?: string): void => {
      const { why, detail, because, records } = fields as Record<string, string | undefined>;
      this.lines.push(
        [message, because, records, detail ?? why].filter((one) => one !== undefined).join(' '),
      );
    };
    return JournalRelay.open(
      { name: 'paper', ...options },
      {
        bus: this.bus,
        log: this.log,
        journal: this.drive.journal,
        book: this.drive.book,
        instruments: INSTRUMENTS,
        store: this.store,
        clock: this.clock,
        random: () => 1,
        logger: { ...silentLogger, warn: line, error: line },
        ...deps,
      },
    );
  }

  async turns(times = 12): Promise<void> {
    for (let turn = 0; turn < times; turn += 1) await this.clock.turn();
  }

  async later(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.turns();
  }

  /** Stops a relay as a crash does: it does not get to say or save anything more. */
  async crash(relay: JournalRelay): Promise<void> {
    const stopped = relay.stop(1);
    this.clock.advance(1);
    await stopped;
  }
}
