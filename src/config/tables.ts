/** Who is let in, and by what: the tables of tokens and of keys, wherever they stand, and who else vouches for somebody. */
import { readFileSync } from "node:fs";
import { type KeyTable, readKeyTable } from "../wire/key-table.ts";
import { readSignIn, type SignIn } from "../wire/sign-in.ts";
import { readTokenTable, type TokenTable } from "../wire/token-table.ts";
import { BadConfig, type Environment, listed, said } from "./setting.ts";

export interface CallersConfig {
  readonly signIn: SignIn;
  /** Where the table of keys stands that may be read again. */
  readonly keysFile: string | undefined;
}

/** The table of tokens as it stands in the file now. @throws BadConfig, which quotes nothing of it */
export function readTokensFile(path: string): TokenTable {
  const read = readTokenTable(textOf(path, "MPAC_TOKEN_TABLE_FILE"));
  if ("flaw" in read) throw new BadConfig(`${path}, which MPAC_TOKEN_TABLE_FILE names, cannot be used: ${read.flaw}`);
  return read.table;
}

/** The table of keys as it stands in the file now. @throws BadConfig, which quotes nothing of it */
export function readKeysFile(path: string): KeyTable {
  const read = readKeyTable(textOf(path, "SIGNALBOX_KEY_TABLE_FILE"));
  if ("flaw" in read) throw new BadConfig(`${path}, which SIGNALBOX_KEY_TABLE_FILE names, cannot be used: ${read.flaw}`);
  return read.table;
}

function textOf(path: string, setting: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new BadConfig(`${setting} names ${path}, which cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}

/** The table makes the profile, and a profile that says otherwise is a mistake. */
export function readTokens(profile: string | undefined, text: string | undefined): TokenTable | undefined {
  if (profile === "verified") {
    throw new BadConfig("signatures and certificates (the profile verified) are not in this release, because no known client uses them");
  }
  if (profile !== undefined && profile !== "open" && profile !== "authenticated") {
    throw new BadConfig(`--security-profile is ${profile}; it is open or authenticated`);
  }
  if (text === undefined) {
    if (profile !== "authenticated") return undefined;
    throw new BadConfig(
      'the profile authenticated needs MPAC_TOKEN_TABLE: {"<token>": {"allowed_sessions": ["<id>"], "roles": ["contributor"]}}',
    );
  }
  if (profile === "open")
    throw new BadConfig("MPAC_TOKEN_TABLE makes the profile authenticated; unset it, or leave --security-profile open out");
  const read = readTokenTable(text);
  if ("flaw" in read) throw new BadConfig(`MPAC_TOKEN_TABLE cannot be used: ${read.flaw}`);
  return read.table;
}

/** @throws BadConfig */
export function readCallers(env: Environment, kind: "local" | "hosted"): CallersConfig {
  const [keys, keysFile] = [said(env["SIGNALBOX_KEY_TABLE"]), said(env["SIGNALBOX_KEY_TABLE_FILE"])];
  if (keys !== undefined && keysFile !== undefined)
    throw new BadConfig("SIGNALBOX_KEY_TABLE and SIGNALBOX_KEY_TABLE_FILE each name the table of keys; set one of them");
  const texts = {
    anonymousRead: said(env["SIGNALBOX_ANONYMOUS_READ"]),
    publicUrl: said(env["SIGNALBOX_PUBLIC_URL"]),
    keys: keysFile === undefined ? readKeys(keys) : readKeysFile(keysFile),
    issuer: said(env["SIGNALBOX_ISSUER"]),
    jwks: said(env["SIGNALBOX_ISSUER_JWKS"]),
    audience: listed(env["SIGNALBOX_ISSUER_AUDIENCE"]),
    sessions: listed(env["SIGNALBOX_ISSUER_SESSIONS"]),
  };
  const read = readSignIn(texts, kind === "hosted");
  if ("flaw" in read) throw new BadConfig(read.flaw);
  return { signIn: read.signIn, keysFile };
}

/** @throws BadConfig */
function readKeys(text: string | undefined): KeyTable | undefined {
  const read = text === undefined ? undefined : readKeyTable(text);
  if (read !== undefined && "flaw" in read) throw new BadConfig(`SIGNALBOX_KEY_TABLE cannot be used: ${read.flaw}`);
  return read?.table;
}
