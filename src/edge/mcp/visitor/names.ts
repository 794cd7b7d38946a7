/** Who a caller is in a session: its name there, the instance by which it is the same again, and whose names are its own. */
import { sha256 } from "../../../engine/seal.ts";
import { OVER_HTTP } from "../../../wire/over-http.ts";
import type { Caller } from "../ports.ts";
import { remembered } from "../remembered.ts";

/** Longest name that is made here; room is left for `#2` and for labels behind it. */
const MAX_NAME = 200;

/** Characters of a fingerprint that tell namesakes apart. */
const MARK = 6;

/** How names are made where no caller says them; the composition root knows this machine. */
export interface Naming {
  /** The name of this machine's own user, as a bridge of the main worktree would have it. */
  own(clientName: string | undefined, sessionId: string): string;
  /** As a client calls itself, fit for a name; empty where nothing is left of it. */
  client(clientName: string): string;
}

/** The same names, each made once for a client. */
export function keptNames(naming: Naming): Naming {
  const unnamed = remembered((sessionId) => naming.own(undefined, sessionId));
  const named = remembered((key) => {
    const [sessionId = "", ...clientName] = key.split("\0");
    return naming.own(clientName.join("\0"), sessionId);
  });
  return {
    own: (clientName, sessionId) => (clientName === undefined ? unnamed(sessionId) : named(`${sessionId}\0${clientName}`)),
    client: remembered((clientName) => naming.client(clientName)),
  };
}

export function nameOf(caller: Caller, sessionId: string, clientName: string | undefined, naming: Naming): string {
  if (caller.kind === "own") return (caller.principal ?? naming.own(clientName, sessionId)).slice(0, MAX_NAME);
  const client = naming.client(clientName ?? "");
  const name = caller.name ?? "anonymous";
  return (client === "" ? name : `${name}/${client}`).slice(0, MAX_NAME);
}

/** The name of a caller where another's credential has its own: names of an issuer are not one person's alone. */
export function besideNamesake(caller: Caller): Caller {
  return { ...caller, name: `${caller.name ?? ""}-${fingerprintOf(caller).slice(0, MARK)}` };
}

/** Tells one credential from another; this machine's own user has none of its own. */
export function fingerprintOf({ identity }: Caller): string {
  return identity?.fingerprint ?? "own";
}

/** The same for the same credential and name in every life of the sidecar, so that its tasks are its own again. */
export function instanceOf(fingerprint: string, name: string): string {
  return `${OVER_HTTP}${sha256(`${fingerprint}\0${name}`).slice(0, 16)}`;
}

/** A name without the number by which it differs from others of its family. */
export function withoutNumber(principal: string): string {
  return principal.replace(/#\d+$/, "");
}
