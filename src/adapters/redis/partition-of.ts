/**
 * The partition that a key's events go to: FNV-1a, 32 bits, over its UTF-16 code units, modulo the number of partitions. Part
 * of the layout: another hash would tear the events of one key apart.
 */
export function partitionOf(key: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % partitions;
}
