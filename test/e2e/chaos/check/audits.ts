import type { CheckResult, Evidence } from './evidence.ts';

export function checkAudits({ audits }: Evidence): CheckResult {
  const violations = audits.flatMap(({ name, flaw }) => (flaw === undefined ? [] : [`${name}: ${flaw}`]));
  for (const name of ['desk', 'trading-1', 'trading-2', 'risk-1'])
    if (!audits.some((one) => one.name === name)) violations.push(`${name}: no audit log`);
  const note = audits.map(({ name, records }) => `${name} ${records}`).join(', ');
  return { check: 'audit chains are whole', violations, note };
}
