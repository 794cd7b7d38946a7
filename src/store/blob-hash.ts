/** Under which name a blob is kept, and that it still is what was kept. */
import { createHash } from "node:crypto";
import type { Hash } from "../wire/ids.ts";
import { StoreCorrupt } from "./errors.ts";

export function blobHash(bytes: Uint8Array): Hash {
  return createHash("sha256").update(bytes).digest("hex") as Hash;
}

/** The bytes themselves. @throws StoreCorrupt when they are not those that were kept in `path` under `hash` */
export function intactBlob(path: string, hash: Hash, bytes: Uint8Array): Uint8Array {
  const found = blobHash(bytes);
  if (found !== hash) throw new StoreCorrupt(path, `blob ${hash} has bytes with the hash ${found}`);
  return bytes;
}
