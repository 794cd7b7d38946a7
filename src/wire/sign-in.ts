/**
 * How those sign in who come by MCP over HTTP, beside the token table: keys that sign, an issuer of tokens, or not at all to read.
 */
import type { KeyTable } from "./key-table.ts";
import { ANY_SESSION } from "./credential-table.ts";

export interface SignIn {
  /** Whether anybody may read, where somebody said so. */
  readonly anonymousRead: boolean | undefined;
  /** By which address the public knows the root of this server, without a slash at its end. */
  readonly publicUrl: string | undefined;
  readonly keys: KeyTable | undefined;
  readonly issuer: IssuerSettings | undefined;
}

export interface IssuerSettings {
  /** As its tokens name it. */
  readonly issuer: string;
  /** Where its keys are; by its metadata when nobody says so. */
  readonly jwks: string | undefined;
  /** For whom its tokens have to be; the addresses of this server when there are none. */
  readonly audiences: readonly string[];
  /** What a token opens that does not say so itself, `*` for all. */
  readonly sessions: readonly string[];
}

/** The settings as somebody wrote them, none of them empty. */
export interface SignInTexts {
  readonly anonymousRead: string | undefined;
  readonly publicUrl: string | undefined;
  readonly keys: KeyTable | undefined;
  readonly issuer: string | undefined;
  readonly jwks: string | undefined;
  readonly audience: readonly string[];
  readonly sessions: readonly string[];
}

/** What the texts say, or a sentence about what is wrong with one. */
export function readSignIn(texts: SignInTexts, isHosted: boolean): { readonly signIn: SignIn } | { readonly flaw: string } {
  const { anonymousRead, publicUrl, keys, issuer, jwks, audience, sessions } = texts;
  if (anonymousRead !== undefined && anonymousRead !== "0" && anonymousRead !== "1")
    return { flaw: `SIGNALBOX_ANONYMOUS_READ is ${anonymousRead}; it is 1 or 0` };
  const at = publicUrl === undefined ? undefined : urlIn(publicUrl, "anywhere");
  if (publicUrl !== undefined && at === undefined)
    return { flaw: "SIGNALBOX_PUBLIC_URL is no address such as https://signalbox.example.org, without a query" };
  for (const [name, text] of Object.entries({ SIGNALBOX_ISSUER: issuer, SIGNALBOX_ISSUER_JWKS: jwks })) {
    if (text !== undefined && urlIn(text, "private") === undefined)
      return { flaw: `${name} is no address that begins with https:// (http:// on this machine alone), without a query` };
  }
  if (issuer === undefined && (jwks !== undefined || audience.length > 0 || sessions.length > 0))
    return { flaw: "SIGNALBOX_ISSUER is missing, which the other settings of an issuer are about" };
  if (isHosted && publicUrl === undefined && (keys !== undefined || issuer !== undefined))
    return { flaw: "SIGNALBOX_PUBLIC_URL is missing: signatures and the tokens of an issuer are for the address that people know" };
  return {
    signIn: {
      anonymousRead: anonymousRead === undefined ? undefined : anonymousRead === "1",
      publicUrl: at?.replace(/\/$/, ""),
      keys,
      issuer:
        issuer === undefined
          ? undefined
          : { issuer, jwks, audiences: audience, sessions: sessions.length > 0 || isHosted ? sessions : [ANY_SESSION] },
    },
  };
}

/** @param where - `private`: where nobody on the way can change what is said */
function urlIn(text: string, where: "private" | "anywhere"): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, search, hash, username, password, href } = new URL(text);
  const isPlain = search === "" && hash === "" && username === "" && password === "";
  return isPlain && (protocol === "https:" || (protocol === "http:" && (where === "anywhere" || isLoopbackName(hostname))))
    ? href
    : undefined;
}

/** As it stands in a URL. */
export const isLoopbackName = (hostname: string): boolean => ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
