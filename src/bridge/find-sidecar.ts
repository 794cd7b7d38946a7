/**
 * Whether a sidecar of this store runs, and where: asked at every address that it may have, in order, and believed only
 * when it names the store's id. A stale file, a pid that was given again and a stranger on the port are all just not it.
 *
 * The token of the discovery file is shown to that file's own address, and to one that the user named when the sidecar which
 * left the file answers there. Whoever else listens on this machine is never shown it.
 */
import { askHealth, authority } from "../client/health.ts";
import { readDiscovery } from "../git/discovery-file.ts";
import { readOwner } from "../git/owner-file.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import type { Discovery } from "../wire/discovery.ts";
import type { Health } from "../wire/health.ts";

export interface FoundSidecar {
  readonly uri: string;
  readonly health: Health;
  /** Of its discovery file, where that can be read: a sidecar may want it of everybody. */
  readonly token?: string | undefined;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = "127.0.0.1";

export type StoreOf = Pick<StoreFolder, "folder" | "digest10" | "identity">;

export async function findSidecar(store: StoreOf, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<FoundSidecar | undefined> {
  const asked = new Set<string>();
  const left = await readDiscovery(store, env);
  for (const find of [namedAddress, () => left, ownersAddress, derivedAddress]) {
    const address = await find(store, env);
    if (address === undefined) continue;
    const at = authority(address.host, address.port);
    if (asked.has(at)) continue;
    asked.add(at);
    const isLeft = left !== undefined && authority(left.host, left.port) === at;
    const health = await askHealth(address.host, address.port, { signal, token: isLeft ? left.token : undefined });
    if (health?.store_id !== store.identity.store_id) continue;
    const mayKnow = isLeft || (find === namedAddress && isOf(health, left));
    return { uri: uriAt(at, health.session_id), health, ...(mayKnow ? { token: left?.token } : {}) };
  }
  return undefined;
}

/** Whether the sidecar that answers is the one that left the file. */
function isOf({ pid, boot_id }: Health, left: Discovery | undefined): boolean {
  return left?.pid === pid && left.boot_id === boot_id;
}

/** MPAC_SIDECAR_HOST and MPAC_SIDECAR_PORT, either of which may be left out. A port that is none is as good as unset. */
function namedAddress(store: StoreOf, env: NodeJS.ProcessEnv): Address | undefined {
  const host = env["MPAC_SIDECAR_HOST"]?.trim() || undefined;
  const port = Number(env["MPAC_SIDECAR_PORT"]?.trim() || Number.NaN);
  const named = Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  if (host === undefined && named === undefined) return undefined;
  return { host: host ?? LOOPBACK, port: named ?? store.identity.port };
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
