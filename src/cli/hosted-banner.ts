/** What a hosted sidecar says of itself when it is up: where it is, who may come in, and how a client gets there. Never a token. */
import type { HostedConfig } from "../config.ts";
import type { SignIn } from "../wire/sign-in.ts";

/** @param uri - where it listens, with `<id>` for the session */
export function bannerOf({ tls, tokens, host, signIn }: HostedConfig, uri: string): string {
  const { host: bind } = new URL(uri);
  const clients = tls === "proxy" ? "wss://<name of the proxy>/session/<id>" : uri;
  const isNear = ["127.0.0.1", "localhost", "::1"].includes(host);
  const rows = [
    ["bind", bind],
    ["mode", `multi-session, TLS ${TLS[typeof tls === "string" ? tls : "own"]}`],
    ["profile", tokens === undefined ? "open" : "authenticated"],
    ["verifier", tokens === undefined ? "none: whoever reaches it may join" : `token table, ${entries(tokens)}`],
    ["clients", clients],
    ["MCP", `${clients.replace(/^ws/, "http")}/mcp`],
    ...beside(signIn),
  ];
  const lines = rows.map(([name = "", value = ""]) => `  ${name.padEnd(8)}  ${value}`);
  const warning = tls === "none" && !isNear ? ["  Tokens travel readable: use --tls with a certificate, or a proxy in front."] : [];
  return ["Signalbox, hosted", ...lines, ...warning].join("\n");
}

const TLS = { none: "off", proxy: "by a proxy in front", own: "by itself" } as const;

/** Who else comes in over MCP. */
function beside({ keys, issuer }: SignIn): [string, string][] {
  const also = [
    ...(keys === undefined ? [] : [`signed requests, key table, ${entries(keys)}`]),
    ...(issuer === undefined ? [] : [`tokens of ${issuer.issuer}`]),
  ];
  return also.length === 0 ? [] : [["", `also by ${also.join(", and ")}`]];
}

function entries(table: object): string {
  const count = Object.keys(table).length;
  return `${count} ${count === 1 ? "entry" : "entries"}`;
}
