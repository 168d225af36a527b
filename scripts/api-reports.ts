import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import {
  CompilerState,
  ConsoleMessageId,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
} from '@microsoft/api-extractor';
import { rooms, root } from './rooms.ts';

/**
 * One report of the public API per room, in `etc/`. Fails when a report and the built types differ, so that a change
 * of the API is always seen in review; `--update` rewrites the reports.
 */

/** What is compared here: the compiler puts the members of a union in the order in which it has met them, which is not always the same. */
const REPORT_CHANGED = new Set<string>([
  ConsoleMessageId.ApiReportNotCopied,
  ConsoleMessageId.ApiReportCreated,
  ConsoleMessageId.ApiReportUnchanged,
]);

const inOneOrder = (report: string): string =>
  report.replace(/"[^"\n]*"(?: \| "[^"\n]*")+/g, (union) => union.split(' | ').sort().join(' | '));
const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const isSame = (kept: string, built: string): boolean =>
  inOneOrder(textOf(kept)) === inOneOrder(textOf(built));

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
    const { errorCount } = Extractor.invoke(config, {
      compilerState,
      messageCallback: (message) => {
        message.handled = REPORT_CHANGED.has(message.messageId);
      },
    });
    if (errorCount > 0) problems.push(`${report}: api-extractor reported errors`);
    else if (isSame(`${root}etc/${report}`, `${root}temp/api/${report}`)) continue;
    else if (update) copyFileSync(`${root}temp/api/${report}`, `${root}etc/${report}`);
    else problems.push(`${report}: differs from the built types`);
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
