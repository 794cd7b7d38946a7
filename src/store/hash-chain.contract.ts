/** A chain like the engine's over records of the real shape, to see in tests that none of them was torn, lost or moved. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Hash } from "../wire/ids.ts";
import { FIRST_PREV_HASH, LogRecordSchema, RECORD_FORMAT, type Revision, RULES, SELF } from "../wire/record.ts";
import type { StoredRecord } from "./store.ts";

/** The record behind one whose hash is `prevHash`; `words` is its content. */
export function chainedRecord(revision: Revision, prevHash: Hash, words: string): StoredRecord & { readonly hash: Hash } {
  const unhashed = {
    format: RECORD_FORMAT,
    rules: RULES,
    revision,
    atMs: revision,
    seed: "seed",
    facts: {},
    actor: SELF,
    node: "node",
    command: words,
    events: [{ type: "Written" }],
    prevHash,
  };
  const hash = hashOf(unhashed);
  return { revision, text: JSON.stringify({ ...unhashed, hash }), hash };
}

/** `count` chained records from revision 1 on. */
export function chainOf(count: number, words: string): StoredRecord[] {
  const chain: StoredRecord[] = [];
  let prevHash = FIRST_PREV_HASH;
  for (let revision = 1; revision <= count; revision += 1) {
    const { text, hash } = chainedRecord(revision, prevHash, words);
    chain.push({ revision, text });
    prevHash = hash;
  }
  return chain;
}

/** Reads a stream from its beginning and returns its end. @throws Error at the first record that does not follow */
export async function checkedChain(records: AsyncIterable<StoredRecord>): Promise<{ readonly head: Revision; readonly hash: Hash }> {
  let head = 0;
  let hash = FIRST_PREV_HASH;
  for await (const { revision, text } of records) {
    const { hash: claimed, ...unhashed } = LogRecordSchema.parse(JSON.parse(text));
    if (revision !== head + 1 || unhashed.revision !== revision || unhashed.prevHash !== hash || claimed !== hashOf(unhashed)) {
      throw new Error(`the record read as revision ${revision} does not follow revision ${head}`);
    }
    head = revision;
    hash = claimed as Hash;
  }
  return { head, hash };
}

function hashOf(unhashed: object): Hash {
  return createHash("sha256")
    .update(canonicalize(unhashed) ?? "")
    .digest("hex") as Hash;
}
