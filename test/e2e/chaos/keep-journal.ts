/** Loaded into every process of the cluster: no log is trimmed behind a snapshot, so that all that was written can be judged. */
import { PostgresAppendLog } from 'portcullis/adapters/postgres';
import { type AppendLog, FileAppendLog } from 'portcullis/storage';

function keep(this: AppendLog): Promise<number> {
  return Promise.resolve(this.firstSeq);
}
PostgresAppendLog.prototype.trim = keep;
FileAppendLog.prototype.trim = keep;
