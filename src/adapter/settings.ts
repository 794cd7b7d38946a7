/** What an adapter is told by its command line and its environment, or why that cannot be used. */
import { FEWEST_SECRET_BYTES } from "../client/peer/signature.ts";

export const MODES = ["cc", "generic"] as const;
export type AdapterMode = (typeof MODES)[number];

export interface AdapterSettings {
  readonly mode: AdapterMode;
  readonly url: string;
  readonly token: string;
  readonly secret: string;
  /** Without one the adapter of Claude Code makes one up. */
  readonly name: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Nothing is trimmed: a name and a secret are what they are. An empty variable counts as unset. */
export function readAdapterSettings(mode: string | undefined, env: Environment): AdapterSettings | { readonly refused: string } {
  const known = MODES.find((one) => one === mode);
  if (mode === undefined || mode === "") return { refused: `missing required --adapter=<mode> (one of: ${MODES.join(", ")})` };
  if (known === undefined) return { refused: `unknown adapter mode ${JSON.stringify(mode)} (one of: ${MODES.join(", ")})` };

  const said = (name: string): string => env[name] ?? "";
  const [url, token, secret, name] = [said("PEERBUS_URL"), said("PEERBUS_TOKEN"), said("PEERBUS_HMAC_SECRET"), said("PEERBUS_NAME")];
  if (url === "") return { refused: "PEERBUS_URL is required" };
  if (!isWebSocket(url)) return { refused: "PEERBUS_URL is not the address of a broker; write ws://host:port or wss://host" };
  if (token === "") return { refused: "PEERBUS_TOKEN is required" };
  if (Buffer.byteLength(secret) < FEWEST_SECRET_BYTES) {
    return { refused: `PEERBUS_HMAC_SECRET must be at least ${FEWEST_SECRET_BYTES} bytes` };
  }
  if (known === "generic" && name === "") return { refused: "PEERBUS_NAME is required for --adapter=generic" };
  return { mode: known, url, token, secret, name: name === "" ? undefined : name };
}

function isWebSocket(url: string): boolean {
  return URL.canParse(url) && ["ws:", "wss:", "http:", "https:"].includes(new URL(url).protocol) && new URL(url).hash === "";
}
