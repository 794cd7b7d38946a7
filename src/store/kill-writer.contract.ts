/**
 * The program that is killed: `node --import tsx kill-writer.contract.ts <log> <streams>` appends chained records to each
 * stream as fast as it can, until it dies, and prints `<stream> <revision>` when an append was acknowledged.
 */
import { writeSync } from "node:fs";
import type { StreamId } from "../wire/ids.ts";
import type { Revision } from "../wire/record.ts";
import { chainedRecord, checkedChain } from "./hash-chain.contract.ts";
import { openSqliteStore } from "./sqlite.ts";
import type { EventStore, StoredRecord } from "./store.ts";

/** So short that checkpoints come often enough to be struck. */
const WAL_BYTES = 32 * 1_024;

async function write(store: EventStore, stream: StreamId): Promise<never> {
  let { head, hash } = await checkedChain(store.read(stream, 0));
  for (;;) {
    const records: StoredRecord[] = [];
    const last: Revision = head + 1 + (head % 3);
    while (head < last) {
      const { revision, text, hash: next } = chainedRecord(head + 1, hash, "word ".repeat((head * 37) % 400));
      records.push({ revision, text });
      head = revision;
      hash = next;
    }
    await store.append(stream, head - records.length, records);
    writeSync(1, `${stream} ${head}\n`);
  }
}

const [, , path = "", ...streams] = process.argv;
const store = await openSqliteStore({ path, walBytes: WAL_BYTES });
await Promise.all(streams.map((stream) => write(store, stream as StreamId)));
