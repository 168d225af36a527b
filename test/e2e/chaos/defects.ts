/** What can be planted, to see that it is found. */
export const DEFECTS = ['no-fence', 'deaf-kill-switch', 'unstable-intent', 'lossy-relay'] as const;
export type Defect = (typeof DEFECTS)[number];

/** Faults under which each of them shows. */
export const SHOWN_BY: Readonly<Record<Defect, readonly string[]>> = {
  'no-fence': ['freeze trading'],
  'deaf-kill-switch': ['kill switch, kill trading'],
  'unstable-intent': ['kill signals-1'],
  'lossy-relay': ['kill signals-1'],
};

/** The module that is loaded into every process of the cluster to plant it. */
export const plantedBy = (defect: Defect): string => new URL(`planted/${defect}.ts`, import.meta.url).href;
