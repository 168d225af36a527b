/** One step from an empty schema to the tables of today. Once released it is never changed: another one follows it. */
export interface Migration {
  /** 1, 2, 3, ... without gaps. */
  readonly id: number;
  /** What it makes, in kebab-case. */
  readonly name: string;
  /** Statements, run in one transaction; `$schema.` stands for the schema, quoted. Every name is qualified. */
  readonly sql: string;
}
