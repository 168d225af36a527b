import { mkdirSync, readdirSync } from 'node:fs';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { rooms, root } from './rooms.ts';

/**
 * One report of the public API per room, in `etc/`. Fails when a report and the built types differ, so that a change
 * of the API is always seen in review; `--update` rewrites the reports.
 */

const update = process.argv.includes('--update');
const expected = new Set<string>();
const problems: string[] = [];
mkdirSync(`${root}etc`, { recursive: true });

for (const { name, output } of rooms()) {
  const report = `${name.replaceAll('/', '-')}.api.md`;
  expected.add(report);
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: `${root}dist/${output}.d.ts`,
      compiler: { tsconfigFilePath: `${root}tsconfig.json` },
      apiReport: {
        enabled: true,
        reportFileName: report,
        reportFolder: `${root}etc/`,
        reportTempFolder: `${root}temp/api/`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Warning } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: `${root}package.json`,
  });
  const result = Extractor.invoke(config, { localBuild: update, showVerboseMessages: false });
  if (!result.succeeded && !result.apiReportChanged)
    problems.push(`${report}: api-extractor reported errors`);
  if (result.apiReportChanged && !update) problems.push(`${report}: differs from the built types`);
}

for (const file of readdirSync(`${root}etc`)) {
  if (file.endsWith('.api.md') && !expected.has(file)) problems.push(`${file}: no such room; delete it`);
}

if (problems.length > 0) {
  console.error(
    `${problems.join('\n')}\nIf the change is meant: npm run api:update, and review the diff of etc/.`,
  );
  process.exitCode = 1;
}
