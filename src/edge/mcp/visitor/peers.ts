/**
 * The mail of peers, for a participant that comes over HTTP: it is a peer under its own name for as long as it is present, so
 * that what is sent to it waits here, and an answer says that it does.
 */
import type { Peers } from "../../../tools/ports/mail.ts";
import type { Member } from "./member.ts";
import type { HeldPeers } from "./place.ts";

/** The tools know it by its name. */
class PeersUnavailable extends Error {
  override readonly name = "PeersUnavailable";
  readonly code = "peers/unavailable";
}

/** Of whoever takes no part. */
export function noPeers(howToSignIn: string): Peers {
  const unavailable = (): Promise<never> => Promise.reject(new PeersUnavailable(`whoever takes no part has no mail; ${howToSignIn}`));
  return { unread: () => 0, send: unavailable, broadcast: unavailable, names: unavailable, drain: unavailable };
}

export interface Mail {
  readonly peers: Peers;
  /** Is a peer while the participant is present, from the first time that its host takes mail or sends any. */
  follow(takesMail: boolean): void;
  close(): void;
}

/** @param open - registers under a name */
export function createMail(member: Pick<Member, "principal" | "isPresent" | "join">, open: (name: string) => HeldPeers): Mail {
  let standing: { readonly name: string; readonly peers: HeldPeers } | undefined;

  function close(): void {
    void standing?.peers[Symbol.asyncDispose]();
    standing = undefined;
  }

  function held(): HeldPeers {
    const name = member.principal;
    if (standing !== undefined && standing.name === name) return standing.peers;
    close();
    standing = { name, peers: open(name) };
    return standing.peers;
  }

  async function joined(): Promise<HeldPeers> {
    const rejection = await member.join();
    if (rejection !== undefined) throw new PeersUnavailable(rejection.message);
    return held();
  }

  return {
    peers: {
      unread: () => standing?.peers.unread() ?? 0,
      waiting: async (most) => (await standing?.peers.waiting?.(most)) ?? { messages: [], remaining: 0 },
      send: async (...sending) => (await joined()).send(...sending),
      broadcast: async (...sending) => (await joined()).broadcast(...sending),
      names: async () => (await joined()).names(),
      drain: async (most) => (await joined()).drain(most),
    },
    follow(takesMail) {
      if (!member.isPresent) return close();
      if (takesMail || standing !== undefined) held().connectSoon();
    },
    close,
  };
}
