/** What the tools are given for whoever comes over HTTP: somebody who may write, somebody who may not, and nobody. */
import { sha256 } from "../../../engine/seal.ts";
import { newShortId } from "../../../short-id.ts";
import type { ToolContext } from "../../../tools/ports.ts";
import type { Coordination } from "../../../tools/ports/session.ts";
import { createBoard, noAgents, reading, readingAs } from "../coordination.ts";
import type { Caller } from "../ports.ts";
import { createAgents } from "./agents.ts";
import type { Member } from "./member.ts";
import { type Mail, noPeers } from "./peers.ts";
import type { Place } from "./place.ts";

export interface ContextsOptions {
  readonly howToSignIn: string;
  readonly nowMs: () => number;
  readonly reportFault: (cause: unknown, tool: string) => void;
}

/** Somebody who takes part, and whom its caller speaks for beside it. */
export interface Speaker {
  readonly member: Member;
  readonly mail: Mail;
  readonly agents: ReadonlySet<{ readonly member: Member }>;
}

export interface Contexts {
  /** @param memberOf - the member of this caller's credential under a name; made now where there is none */
  of(place: Place, caller: Caller, speaker: Speaker, memberOf: (name: string) => Member): ToolContext;
  ofNobody(place: Place, caller: Caller): ToolContext;
}

export function createContexts({ howToSignIn, nowMs, reportFault }: ContextsOptions): Contexts {
  function common(place: Place): Omit<ToolContext, "coordination" | "agents" | "board" | "peers"> {
    const { workspaceDir: dir, sessionId } = place.session;
    const workspace = { dir, sessionId };
    return { files: place.visitorFiles.files, onOverlap: "block", nowMs, newId: newShortId, hash: sha256, workspace, reportFault };
  }

  return {
    of(place, caller, { member, mail, agents }, memberOf) {
      const speaking = (one: Member): Coordination => (caller.mayWrite ? one.coordination : readingAs(one, howToSignIn));
      const takeNotices = (): string[] => [
        ...(place.visitorFiles.takeNotices?.() ?? []),
        ...[member, ...Array.from(agents, (agent) => agent.member)].flatMap((one) => one.notices.take()),
      ];
      const coordination = speaking(member);
      return {
        ...common(place),
        coordination: { ...coordination, membership: async () => ({ ...(await coordination.membership()), takeNotices }) },
        agents: createAgents({ place, caller, main: member, memberOf, speaking, nowMs }),
        board: createBoard(place, caller, member, howToSignIn),
        peers: caller.mayWrite ? mail.peers : noPeers(howToSignIn),
      };
    },
    ofNobody(place, caller) {
      const coordination = reading(place, howToSignIn);
      return {
        ...common(place),
        coordination,
        agents: noAgents(coordination),
        board: createBoard(place, caller, undefined, howToSignIn),
        peers: noPeers(howToSignIn),
      };
    },
  };
}
