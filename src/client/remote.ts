/**
 * A coordinator elsewhere, as the environment names it: where it is, what lets us in, and what its users can do when it
 * cannot be joined. With one, no sidecar is looked for or started on this machine.
 */
import { OtherControl, SidecarUnavailable, sentenceOf, TokenRefused, UpgradeRefused } from "./faults.ts";
import type { Located } from "./reach.ts";

export interface Remote extends Located {
  readonly sessionId: string;
  /** Whether the token goes over a network that anybody on the way can read. */
  readonly inTheClear: boolean;
}

/** The variables cannot be used as they are; the message says which, and what a right one looks like. */
export interface BadRemote {
  readonly refused: { readonly code: string; readonly message: string };
}

const [URL_NAME, SESSION_NAME, TOKEN_NAME] = ["MPAC_COORDINATOR_URL", "MPAC_SESSION_ID", "MPAC_COORDINATOR_TOKEN"] as const;

const RIGHT = "write wss://host/session/<id>, or wss://host and the id in MPAC_SESSION_ID";

/** Where the variables of a bridge are set. */
const IN_CLIENT = ", in the configuration of this MCP server, and restart the client";

/** What a URL says as it is: a coordinator does not decode a session's name. */
const PLAIN_ID = /^(?!\.{1,2}$)[\w.~!$&'()*+,;=:@%-]{1,256}$/;

/** What a header takes. */
const PRINTABLE = /^[\x21-\x7e]+$/;

/**
 * Undefined when none of the variables is set. An empty one counts as unset.
 *
 * @param where - ends the sentence of a refusal: where to set them
 */
export function readRemote(env: NodeJS.ProcessEnv, where: string = IN_CLIENT): Remote | BadRemote | undefined {
  const bad = (message: string): BadRemote => ({ refused: { code: "remote/unusable", message: `${message}${where}` } });
  const [text, session, token] = [URL_NAME, SESSION_NAME, TOKEN_NAME].map((name) => env[name]?.trim() || undefined);
  if (text === undefined) {
    const stray = [session === undefined ? [] : [SESSION_NAME], token === undefined ? [] : [TOKEN_NAME]].flat();
    if (stray.length === 0) return undefined;
    const names = stray.join(" and ");
    return bad(`${names} ${stray.length === 1 ? "is" : "are"} set and ${URL_NAME} is not: ${RIGHT} into it, or unset ${names}`);
  }
  const url = parse(text);
  if (typeof url === "string") return bad(`${URL_NAME} ${url}: ${RIGHT}`);
  if (token !== undefined && !PRINTABLE.test(token)) {
    return bad(`${TOKEN_NAME} holds a blank or another character that no token has: write the token alone`);
  }
  const { base, named } = url;
  const sessionId = named ?? session;
  if (sessionId === undefined) return bad(`${URL_NAME} names no session and ${SESSION_NAME} is not set: ${RIGHT}`);
  if (named !== undefined && session !== undefined && named !== session) {
    return bad(`${URL_NAME} names the session ${named} and ${SESSION_NAME} another: leave one of them out`);
  }
  if (!PLAIN_ID.test(sessionId)) return bad("the session's id is not one that a URL can say as it is: use letters, digits and - . _ ~");
  return {
    uri: `${base.href}session/${sessionId}`,
    sessionId,
    token,
    inTheClear: token !== undefined && base.protocol === "ws:" && !isLoopback(base.hostname),
  };
}

/**
 * Where the coordinator is and which session the URL names, or what is wrong with it. What could hold a secret is not
 * repeated: the sentence ends up in a model's context.
 */
function parse(text: string): { readonly base: URL; readonly named: string | undefined } | string {
  if (!URL.canParse(text)) return "is no URL";
  const url = new URL(text);
  if (url.protocol !== "ws:" && url.protocol !== "wss:") return "is no wss:// or ws:// address";
  if (url.username !== "" || url.password !== "") return `holds a user or password, which goes into ${TOKEN_NAME}`;
  if (url.search !== "" || url.hash !== "") return `goes on with ? or #, and a token goes into ${TOKEN_NAME}`;
  const [, prefix = "", , id] = /^(.*?)(\/session\/([^/]*))?\/*$/.exec(url.pathname) ?? [];
  url.pathname = `${prefix}/`;
  return { base: url, named: id || undefined };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}

/** How Node names a certificate that it does not trust. */
const UNTRUSTED = /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_CERT_)/;

/** An HTTP status of a proxy that does not reach what is behind it. */
const BEHIND: readonly number[] = [502, 503, 504];

/**
 * Why the coordinator could not be joined, as a sentence for whoever set the variables.
 *
 * @param where - as for `readRemote`
 */
export function explainRemote({ uri, sessionId, token }: Remote, cause: unknown, where: string = IN_CLIENT): SidecarUnavailable {
  const say = (code: string, sentence: string, passing = false) => new SidecarUnavailable(sentence, { code, cause, passing });
  if (cause instanceof OtherControl) {
    return say(cause.code, `at ${uri} ${cause.fact}: bring both to the same release`);
  }
  const tokenRefused = (why: string) => {
    const what = token === undefined ? "wants a token" : "refuses our token";
    const remedy = `set ${TOKEN_NAME} to one that its host gave out for it${where}`;
    return say("connection/token-refused", `the coordinator at ${uri} ${what} for the session ${sessionId} (${why}): ${remedy}`);
  };
  if (cause instanceof UpgradeRefused) {
    const why = `HTTP status ${cause.status}`;
    if (cause.isForToken) return tokenRefused(why);
    if (BEHIND.includes(cause.status))
      return say("remote/unreachable", `the coordinator behind ${uri} is not up (${why}): its host has to start it`, true);
    return say("remote/no-coordinator", `${cause.message}: set ${URL_NAME} to a coordinator${where}`);
  }
  if (cause instanceof TokenRefused) return tokenRefused(cause.why);
  if (cause instanceof SidecarUnavailable) {
    switch (cause.code) {
      case "connection/stranger":
        return say(cause.code, `${cause.sentence}; set ${URL_NAME} to one that does${where}`);
      case "connection/closed":
        if (!cause.passing) return say(cause.code, `${cause.sentence}: set ${URL_NAME} to a session that is there${where}`);
    }
    return cause;
  }
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (UNTRUSTED.test(code)) {
    const remedy = "let NODE_EXTRA_CA_CERTS name the file of the authority that signed it";
    return say("remote/untrusted", `the certificate of ${uri} is not trusted (${sentenceOf(cause)}): ${remedy}${where}`);
  }
  const look = `see that its host runs, that this machine reaches it, and that ${URL_NAME} names it`;
  return say("remote/unreachable", `the coordinator at ${uri} cannot be reached (${sentenceOf(cause)}): ${look}`, true);
}
