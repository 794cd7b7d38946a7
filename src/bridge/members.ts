/**
 * The principals that one bridge is in a session: its own, and one for each sub-agent of its host that names itself.
 *
 * A sub-agent joins as `<principal>/<label>` over a connection of its own, because a sender is bound to its connection, and
 * meets the others like any stranger. Its calls know it by the intent they name, also after the bridge has started again.
 */
import type { Coordination } from "../tools/ports/session.ts";
import type { Member } from "./member.ts";

export interface Members {
  readonly main: Member;
  /** The sub-agent of this label, joined now if it was not. */
  as(label: string): Promise<Coordination>;
  /** Whoever of them holds, or held, the intent; the bridge's own principal for everybody else's. */
  holding(intentId: string): Promise<Coordination>;
  /** The one of this name, if it is one of them. */
  named(principalId: string): Promise<Coordination | undefined>;
  /** Joins the sub-agents of an earlier bridge that still hold tasks: nobody else keeps these alive. */
  adopt(): Promise<void>;
  worked(): void;
  leave(): Promise<void>;
}

/** Milliseconds after which a sub-agent leaves that holds nothing and was not called: a host names many in a day. */
const UNUSED_MS = 10 * 60_000;

/** Tasks of the session among which an earlier bridge's sub-agents are looked for. */
const MAX_ADOPTED = 1_000;

interface Agent {
  readonly member: Promise<Member>;
  usedAtMs: number;
}

/** @param create - a member under this name */
export function createMembers(main: Member, create: (principalId: string) => Member, nowMs: () => number = Date.now): Members {
  const agents = new Map<string, Agent>();
  /** Until then their names are taken. */
  const leaving = new Map<string, Promise<void>>();

  async function join(label: string): Promise<Member> {
    await leaving.get(label);
    await main.client.join();
    return create(`${main.client.principalId}/${label}`);
  }

  function agent(label: string): Promise<Member> {
    const known = agents.get(label);
    if (known !== undefined) {
      known.usedAtMs = nowMs();
      return known.member;
    }
    const member = join(label);
    agents.set(label, { member, usedAtMs: nowMs() });
    member.catch(() => agents.delete(label));
    return member;
  }

  async function standing(): Promise<Member[]> {
    const settled = await Promise.allSettled(Array.from(agents.values(), ({ member }) => member));
    return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }

  async function letUnusedGo(): Promise<void> {
    for (const [label, unused] of agents) {
      if (nowMs() - unused.usedAtMs < UNUSED_MS) continue;
      const member = await unused.member.catch(() => undefined);
      // It may have been called, or let go of, while its joining was waited for.
      if (member === undefined || member.client.intents.size > 0 || nowMs() - unused.usedAtMs < UNUSED_MS || !agents.delete(label))
        continue;
      leaving.set(
        label,
        member.leave().finally(() => leaving.delete(label)),
      );
    }
  }

  async function named(principalId: string): Promise<Coordination | undefined> {
    if (principalId === main.client.principalId) return main.coordination;
    const known = (await standing()).find(({ client }) => client.principalId === principalId);
    if (known !== undefined) return known.coordination;
    const prefix = `${main.client.principalId}/`;
    const label = principalId.startsWith(prefix) ? principalId.slice(prefix.length) : "";
    return label === "" ? undefined : (await agent(label)).coordination;
  }

  return {
    main,
    async as(label) {
      return (await agent(label)).coordination;
    },
    async holding(intentId) {
      const members = [main, ...(await standing())];
      const holder = members.find(({ client }) => client.intents.has(intentId));
      if (holder !== undefined) return holder.coordination;
      const owner = (await main.coordination.intent(intentId))?.principal_id;
      return (owner === undefined ? undefined : await named(owner)) ?? main.coordination;
    },
    named,
    async adopt() {
      const { principalId } = await main.client.join();
      const { active_intents } = await main.coordination.summary({ limit: MAX_ADOPTED });
      const held = new Set(active_intents.map((intent) => intent.principal_id));
      const agentsHeld = Array.from(held).filter((owner) => owner.startsWith(`${principalId}/`));
      await Promise.all(agentsHeld.map(named));
      for (const member of await standing()) await member.client.join();
    },
    worked() {
      main.worked();
      for (const { member } of agents.values())
        void member.then(
          (one) => one.worked(),
          () => undefined,
        );
      void letUnusedGo();
    },
    async leave() {
      await Promise.all([main, ...(await standing())].map((member) => member.leave()));
      await Promise.all(leaving.values());
    },
  };
}
