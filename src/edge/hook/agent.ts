/**
 * Whom a hook speaks for: the participant that runs under the same host program; where the host has no bridge, one that
 * is joined on its behalf.
 */
import type { Participant, SessionState } from "../../core/session/state.ts";
import { workersIn } from "../../core/session/read.ts";
import type { Outcome } from "../../engine/stream-host.ts";
import type { Presence } from "../../engine/presence.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Host } from "../../wire/mpac/extension.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { Edit, EditPlace } from "./guard.ts";

/** How often it is looked whether the host of a newcomer still runs, in milliseconds. */
const LOOK_MS = 10_000;

/** Begins the instance of a participant that hooks joined; one with a bridge of its own comes before it. */
const INSTANCE = "hook:";

export interface Agent {
  readonly id: PrincipalId;
  readonly instance: string;
}

export interface Speaker {
  readonly principal: Agent | undefined;
  /** Everybody who works for the same host program: its sub-agents, too. */
  readonly own: readonly PrincipalId[];
}

/** @param hosts - the programs that the hook may have been started by, nearest first */
export function whoIs(state: Readonly<SessionState>, hosts: readonly Host[], treeId: string): Speaker {
  const present = [...state.participants.values()].filter(({ presence }) => presence !== "left");
  for (const program of hosts) {
    const own = present.filter(({ host }) => host !== undefined && isSame(host, program));
    if (own.length === 0) continue;
    const [first] = own.toSorted((a, b) => rankOf(a, treeId) - rankOf(b, treeId) || a.id.length - b.id.length);
    return { principal: first === undefined ? undefined : agentOf(first), own: own.map(({ id }) => id) };
  }
  // A system that does not tell who started a program: the only one who works in that worktree is meant.
  const isTold = hosts.some(({ started_at }) => started_at !== undefined);
  const workers = isTold ? [] : workersIn(state, treeId);
  const [only] = workers.length === 1 ? workers.flatMap((id) => state.participants.get(id) ?? []) : [];
  return only === undefined ? { principal: undefined, own: [] } : { principal: agentOf(only), own: [only.id] };
}

function isSame(one: Host, other: Host): boolean {
  return one.pid === other.pid && (one.started_at === undefined || other.started_at === undefined || one.started_at === other.started_at);
}

function agentOf({ id, instanceId }: Participant): Agent {
  return { id, instance: instanceId };
}

/** The bridge that works in the edited worktree first, sub-agents and those without a bridge last. */
function rankOf({ worktree, presence, instanceId }: Participant, treeId: string): number {
  return (worktree?.id === treeId ? 0 : 4) + (presence === "available" ? 0 : 2) + (instanceId.startsWith(INSTANCE) ? 1 : 0);
}

export interface NewcomersOptions {
  readonly presence: Presence;
  readonly isLiving: (host: Host) => boolean;
  readonly carry: (principal: string, instance: string, type: ClientMessage["message_type"], payload: JsonObject) => Promise<Outcome>;
}

export interface Newcomers extends Disposable {
  /** Joins the host of an edit, which has no bridge; it counts as heard for as long as its program runs. */
  join(edit: Edit, place: EditPlace): Promise<Agent | undefined>;
  /** Takes back a join that came to nothing: whoever only was denied an edit takes no part. */
  leave(agent: Agent): Promise<void>;
}

export function createNewcomers({ presence, isLiving, carry }: NewcomersOptions): Newcomers {
  const held = new Map<string, { readonly host: Host; readonly hold: Disposable }>();

  const timer = setInterval(() => {
    for (const [id, { host, hold }] of held) {
      if (isLiving(host)) continue;
      hold[Symbol.dispose]();
      held.delete(id);
    }
  }, LOOK_MS);
  timer.unref();

  return {
    async join({ hosts: [host], conversation = "" }, { treeId, root }) {
      const folder = root.split(/[\\/]/).findLast((name) => name !== "") ?? "workspace";
      const name = conversation.replaceAll(/[^\w-]/g, "").slice(0, 8) || String(host?.pid ?? "hook");
      const id = `claude-code:${name}@${folder}`.slice(0, 200) as PrincipalId;
      const instance = `${INSTANCE}${conversation.slice(0, 100) || name}`;
      const signalbox = { worktree: { id: treeId, path: root }, ...(host === undefined ? {} : { host: { ...host } }) };
      const payload = { display_name: id, roles: ["contributor"], capabilities: [], extensions: { signalbox } };
      const outcome = await carry(id, instance, "HELLO", payload as unknown as JsonObject);
      if (!outcome.ok) return undefined;
      if (host !== undefined && !held.has(id)) held.set(id, { host, hold: presence.hold(id) });
      return { id, instance };
    },
    async leave({ id, instance }) {
      await carry(id, instance, "GOODBYE", { reason: "user_exit" });
      held.get(id)?.hold[Symbol.dispose]();
      held.delete(id);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const { hold } of held.values()) hold[Symbol.dispose]();
      held.clear();
    },
  };
}
