/**
 * The participants that one caller speaks for: its own, its sub-agents, and whoever else takes part by the same credential,
 * because `<name>` and `<name>/<client>` are one person's.
 */
import { credentialOf, memberOf, ownerOf } from "../../../core/session/read.ts";
import type { SessionState } from "../../../core/session/state.ts";
import type { Agents, Coordination } from "../../../tools/ports/session.ts";
import { isUnder, type PrincipalId } from "../../../wire/ids.ts";
import type { Caller } from "../ports.ts";
import type { Member } from "./member.ts";
import { fingerprintOf, instanceOf, withoutNumber } from "./names.ts";
import type { Place } from "./place.ts";
import { speakFor } from "./speaking.ts";
import { createVoice } from "./voice.ts";

export interface AgentsOptions {
  readonly place: Place;
  readonly caller: Caller;
  readonly main: Member;
  /** The member of this caller's credential under the name; made now where there is none. */
  readonly memberOf: (name: string) => Member;
  /** How a member is spoken for here: who may not write is refused. */
  readonly speaking: (member: Member) => Coordination;
  readonly nowMs: () => number;
}

type Found =
  | { readonly kind: "own"; readonly name: string }
  | { readonly kind: "theirs"; readonly instance: string }
  | { readonly kind: "nobody" };

export function createAgents({ place, caller, main, memberOf: member, speaking, nowMs }: AgentsOptions): Agents {
  const { session } = place;
  const fingerprint = fingerprintOf(caller);

  /** Whether the participant of that name is this caller's, and whether it comes this way. */
  function find(state: Readonly<SessionState>, principal: string): Found {
    // The token of this machine is every program's here; it makes nobody the owner of what another one does.
    if (caller.kind !== "proven" && !isUnder(main.principal, principal)) return { kind: "nobody" };
    const base = withoutNumber(principal);
    const instance = instanceOf(fingerprint, base);
    if (memberOf(state, principal, instance)?.id === principal) return { kind: "own", name: base };
    const participant = state.participants.get(principal as PrincipalId);
    if (participant === undefined || !isTheCallers(state, principal)) return { kind: "nobody" };
    return { kind: "theirs", instance: participant.instanceId };
  }

  /** By a name alone nobody is known who has a credential: at many issuers people choose it themselves. */
  function isTheCallers(state: Readonly<SessionState>, principal: string): boolean {
    const bearer = credentialOf(state, principal);
    return bearer === undefined ? caller.kind === "own" && isUnder(main.principal, principal) : bearer === fingerprint;
  }

  async function named(principal: string): Promise<Coordination | undefined> {
    if (principal === main.principal) return speaking(main);
    const found = await session.query((state) => find(state, principal));
    if (found.kind === "own") return speaking(await working(member(found.name)));
    return found.kind === "theirs" && caller.mayWrite ? speakAs(principal, found.instance) : undefined;
  }

  async function working(one: Member): Promise<Member> {
    if (caller.mayWrite) await one.worked();
    return one;
  }

  function speakAs(principal: string, instance: string): Coordination {
    return speakFor(
      session,
      createVoice(place, () => caller.identity, nowMs),
      { principal, instance, takeNotices: () => [] },
    );
  }

  return {
    as: async (label) => speaking(await working(member(`${main.principal}/${label}`))),
    async holding(intentId) {
      const owner = await session.query((state) => ownerOf(state, intentId));
      return (owner === undefined ? undefined : await named(owner)) ?? speaking(main);
    },
    named,
  };
}
