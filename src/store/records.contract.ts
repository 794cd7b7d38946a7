/** Records to append in tests, and how they are read back. */
import type { Revision } from "../wire/record.ts";
import type { StoredRecord } from "./store.ts";

/** `count` records behind `after`, told apart by `word`. */
export function recordsBehind(after: Revision, count: number, word = "text"): StoredRecord[] {
  return Array.from({ length: count }, (_, index) => ({ revision: after + 1 + index, text: `${word} ${after + 1 + index}` }));
}

export async function collect(records: AsyncIterable<StoredRecord>, most = Number.POSITIVE_INFINITY): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  if (most === 0) return found;
  for await (const record of records) {
    found.push(record);
    if (found.length >= most) break;
  }
  return found;
}
