import { mkdirSync, readdirSync } from 'node:fs';
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { rooms, root } from './rooms.ts';

/**
 * One report of the public API per room, in `etc/`. Fails when a report and the built types differ, so that a change
 * of the API is always seen in review; `--update` rewrites the reports.
 */

const update = process.argv.includes('--update');
const expected = new Set<string>();
const problems: string[] = [];
mkdirSync(`${root}etc`, { recursive: true });

const reports = rooms().map(({ name, output }) => {
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
  return { report, config };
});

const [first, ...others] = reports;
if (first !== undefined) {
  // One program for all rooms: they share most of their types.
  const additionalEntryPoints = others.map(({ config }) => config.mainEntryPointFilePath);
  const compilerState = CompilerState.create(first.config, { additionalEntryPoints });
  for (const { report, config } of reports) {
    const { succeeded, apiReportChanged } = Extractor.invoke(config, { localBuild: update, compilerState });
    if (apiReportChanged && !update) problems.push(`${report}: differs from the built types`);
    else if (!succeeded) problems.push(`${report}: api-extractor reported errors`);
  }
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
