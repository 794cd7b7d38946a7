/**
 * `store.json`: who a store is, written once when its folder is made and readable without opening the log.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as wire from "../wire/store-identity.ts";
import { createOnce, isReadOnly } from "./create-once.ts";
import { errnoOf } from "./errno.ts";
import { deriveIdentity } from "./identity.ts";

export const STORE_IDENTITY_FILE = "store.json";

/** `store.json` is there and does not say who the store is. It is left as it is. */
export class StoreIdentityBroken extends Error {
  override readonly name = "StoreIdentityBroken";
  readonly code = "store/identity-broken";
  readonly path: string;

  constructor(path: string, what: string, cause?: unknown) {
    super(`${path} does not say which store this is (${what}): put back what it was, or remove it, and the next start makes another`, {
      cause,
    });
    this.path = path;
  }
}

/**
 * The identity of the store in `folder`, or undefined when there is none that we may read.
 *
 * @throws StoreIdentityBroken
 */
export async function readStoreIdentity(folder: string): Promise<wire.StoreIdentity | undefined> {
  const path = join(folder, STORE_IDENTITY_FILE);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isReadOnly(error) || ["ENOENT", "ENOTDIR"].includes(errnoOf(error))) return undefined;
    throw new StoreIdentityBroken(path, errnoOf(error), error);
  });
  return text === undefined || text === "" ? undefined : parse(path, text);
}

/**
 * Gives the store in `folder` its identity, derived from `mainPath`, unless it has one. Of any number of processes that
 * do this at the same moment all get the same.
 *
 * @throws StoreIdentityBroken, or what the system answers to a write
 */
export async function makeStoreIdentity(folder: string, mainPath: string): Promise<wire.StoreIdentity> {
  const { sessionId, port } = deriveIdentity(mainPath);
  const fresh: wire.StoreIdentity = {
    format: wire.STORE_IDENTITY_FORMAT,
    store_id: randomUUID(),
    session_id: sessionId,
    port,
    workspace: mainPath,
    created_at: new Date().toISOString(),
  };
  const path = join(folder, STORE_IDENTITY_FILE);
  return parse(path, await createOnce(path, `${JSON.stringify(fresh, undefined, 2)}\n`));
}

function parse(path: string, text: string): wire.StoreIdentity {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new StoreIdentityBroken(path, "it is not JSON", error);
  }
  const read = wire.StoreIdentity.safeParse(json);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new StoreIdentityBroken(path, `${issue?.path.join(".") || "it"}: ${issue?.message ?? "has another shape"}`, read.error);
}
