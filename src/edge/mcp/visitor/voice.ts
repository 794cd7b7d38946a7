/** How this process speaks for a participant that comes over HTTP: the messages that a bridge would send, submitted as they are. */
import { randomUUID } from "node:crypto";
import { treeOf } from "../../../core/session/read.ts";
import type { Outcome } from "../../../engine/outcome.ts";
import type { Ack } from "../../../wire/mpac/extension.ts";
import type { JsonObject } from "../../../wire/json.ts";
import type { ClientMessage } from "../../../wire/mpac/messages.ts";
import { onBehalf } from "../../../wire/mpac/on-behalf.ts";
import type { Answer, Query } from "../../../wire/query.ts";
import type { Actor } from "../../../wire/record.ts";
import type { Rejection } from "../../../wire/refusals.ts";
import type { Identity } from "../../http/door.ts";
import type { Place, Sayer } from "./place.ts";

/** The session cannot be asked now. The tools know it by its name. */
export class SessionClosing extends Error {
  override readonly name = "SidecarUnavailable";
}

export interface Voice {
  /** Says a message under a name; resolves when its outcome is durable. */
  say(
    principal: string,
    instance: string,
    type: ClientMessage["message_type"],
    payload: JsonObject,
    more?: Pick<Sayer, "seat" | "identity">,
  ): Promise<Outcome>;
  /** @throws SessionClosing */
  ask(query: Query, principal: string | undefined): Promise<Answer>;
}

export function createVoice(
  { session, visitorFiles }: Pick<Place, "session" | "visitorFiles">,
  identityNow: () => Identity | undefined,
  nowMs: () => number,
): Voice {
  const { worktree } = visitorFiles;
  const tree = treeOf({ worktree: worktree === undefined ? undefined : ({ id: worktree.id, path: "" } as never) });
  const actorOf = (principal: string): Actor => {
    const { fingerprint, roles } = identityNow() ?? {};
    return {
      principal,
      verified: "token",
      ...(fingerprint === undefined ? {} : { fingerprint }),
      ...(roles === undefined ? {} : { roles }),
    };
  };
  return {
    say(principal, instance, type, payload, more = {}) {
      const of = { sessionId: session.sessionId, messageId: randomUUID(), ts: new Date(nowMs()).toISOString(), principal, instance };
      return session.say(onBehalf(of, type, payload), { actor: actorOf(principal), tree, ...more });
    },
    ask: (query, principal) =>
      session.ask(query, { principal, tree: worktree?.id }).catch((cause: unknown) => {
        throw new SessionClosing("the session cannot be read in this moment; call again", { cause });
      }),
  };
}

/** What became of a message, as whoever speaks for a principal is told. */
export function sentOf(outcome: Outcome): { readonly ok: true; readonly ack: Ack } | { readonly ok: false; readonly rejection: Rejection } {
  return outcome.ok ? { ok: true, ack: Object.assign({}, outcome.result, { revision: outcome.revision }) } : outcome;
}
