/** A desk that goes on when it has lost its lease: nobody tells it, and a journal that refuses it is taken for one that wrote. */
import { PostgresAppendLog } from 'portcullis/adapters/postgres';
import { type AppendReceipt, Lease, type LeaseHold } from 'portcullis/storage';

const acquire = Reflect.get(Lease.prototype, 'acquire');
Lease.prototype.acquire = async function (this: Lease, ...args): Promise<LeaseHold> {
  const hold = await acquire.apply(this, args);
  return {
    ...{ token: hold.token, name: hold.name, owner: hold.owner, isHeld: () => true },
    onLost: () => ({ [Symbol.dispose]: () => undefined }),
    release: () => hold.release(),
  };
};

const append = Reflect.get(PostgresAppendLog.prototype, 'append');
const last = new WeakMap<PostgresAppendLog, number>();
PostgresAppendLog.prototype.append = async function (
  this: PostgresAppendLog,
  record,
): Promise<AppendReceipt> {
  const receipt = await append
    .call(this, record)
    .catch((): AppendReceipt => ({ seq: (last.get(this) ?? 0) + 1 }));
  last.set(this, receipt.seq);
  return receipt;
};
