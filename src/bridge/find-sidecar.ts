/**
 * Whether a sidecar of this store runs, and where: asked at every address that it may have, in order, and believed only
 * when it names the store's id. A stale file, a pid that was given again and a stranger on the port are all just not it.
 */
import { askHealth, authority } from "../client/health.ts";
import { readDiscovery } from "../git/discovery-file.ts";
import { readOwner } from "../git/owner-file.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import type { Health } from "../wire/health.ts";

export interface FoundSidecar {
  readonly uri: string;
  readonly health: Health;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = "127.0.0.1";

export type StoreOf = Pick<StoreFolder, "folder" | "digest10" | "identity">;

export async function findSidecar(store: StoreOf, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<FoundSidecar | undefined> {
  const asked = new Set<string>();
  for (const find of [namedAddress, discoveredAddress, ownersAddress, derivedAddress]) {
    const address = await find(store, env);
    if (address === undefined) continue;
    const at = authority(address.host, address.port);
    if (asked.has(at)) continue;
    asked.add(at);
    const health = await askHealth(address.host, address.port, signal === undefined ? {} : { signal });
    if (health?.store_id === store.identity.store_id) return { uri: uriAt(at, health.session_id), health };
  }
  return undefined;
}

/** MPAC_SIDECAR_HOST and MPAC_SIDECAR_PORT, either of which may be left out. A port that is none is as good as unset. */
function namedAddress(store: StoreOf, env: NodeJS.ProcessEnv): Address | undefined {
  const host = env["MPAC_SIDECAR_HOST"]?.trim() || undefined;
  const port = Number(env["MPAC_SIDECAR_PORT"]?.trim() || Number.NaN);
  const named = Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  if (host === undefined && named === undefined) return undefined;
  return { host: host ?? LOOPBACK, port: named ?? store.identity.port };
}

async function discoveredAddress(store: StoreOf, env: NodeJS.ProcessEnv): Promise<Address | undefined> {
  return readDiscovery(store, env);
}

/** Where the owner says that it is; for those who may not read its discovery file. */
async function ownersAddress(store: StoreOf): Promise<Address | undefined> {
  return (await readOwner(store.folder))?.address;
}

function derivedAddress(store: StoreOf): Address {
  return { host: LOOPBACK, port: store.identity.port };
}

/** A session id is not decoded from a URL, so one that a URL cannot say as it is goes by the one local session. */
function uriAt(at: string, sessionId: string): string {
  return /^[A-Za-z0-9._~-]+$/.test(sessionId) ? `ws://${at}/session/${sessionId}` : `ws://${at}/`;
}
