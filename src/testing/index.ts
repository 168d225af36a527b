export { type AppendLogUnderTest, appendLogContract } from './append-log-contract.ts';
export type { ContractCase } from './contract-case.ts';
export { ScriptedAppendLog } from './scripted-append-log.ts';
export { type StateStoreUnderTest, stateStoreContract } from './state-store-contract.ts';
