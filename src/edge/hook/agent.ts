/**
 * Whom a hook speaks for: the participant that runs under the same host program; where the host has no bridge, one that
 * is joined on its behalf.
 */
import type { SessionState } from "../../core/session/state.ts";
import type { Participant } from "../../core/session/state/participants.ts";
import { workersIn } from "../../core/session/read.ts";
import type { Outcome } from "../../engine/stream-host.ts";
import type { Presence } from "../../engine/presence.ts";
import { sha256 } from "../../engine/seal.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Host } from "../../wire/mpac/extension.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { OVER_HTTP } from "../../wire/over-http.ts";
import type { Edit, EditPlace } from "./guard.ts";

/** How often it is looked whether the host of a newcomer still runs, in milliseconds. */
const LOOK_MS = 10_000;

/** Begins the instance of a participant that hooks joined; one with a bridge of its own comes before it. */
const INSTANCE = "hook:";

/** The client whose hooks these are, as names of its participants begin. */
const CLIENT = "claude-code";

export interface Agent {
  readonly id: PrincipalId;
  readonly instance: string;
  /** Nothing was heard of it for so long that its tasks were suspended. */
  readonly isAway: boolean;
}

/** A program that a hook may have been started by. A shell between a client and its hook ends with the hook. */
export interface Program {
  readonly pid: number;
  readonly started_at?: string | undefined;
  readonly isShell?: boolean;
}

export interface Speaker {
  readonly principal: Agent | undefined;
  /** Everybody who works for the same host program: its sub-agents, too. */
  readonly own: readonly PrincipalId[];
}

export function whoIs(
  state: Readonly<SessionState>,
  { hosts, conversation }: Pick<Edit, "hosts" | "conversation">,
  treeId: string,
): Speaker {
  const present = [...state.participants.values()].filter(({ presence }) => presence !== "left");
  const joined = conversation === undefined ? [] : present.filter(({ instanceId }) => instanceId === instanceOf(conversation));
  for (const program of hosts) {
    const run = present.filter(({ host }) => host !== undefined && isSame(host, program));
    if (run.length > 0) return firstOf([...new Set([...run, ...joined])], treeId);
  }
  const unseen = [...joined, ...overHttp(present, treeId)];
  if (unseen.length > 0) return firstOf(unseen, treeId);
  // A system that does not tell who started a program: the only one who works in that worktree is meant.
  const isTold = hosts.some(({ started_at }) => started_at !== undefined);
  const workers = isTold ? [] : workersIn(state, treeId);
  const [only] = workers.length === 1 ? workers.flatMap((id) => state.participants.get(id) ?? []) : [];
  return only === undefined ? { principal: undefined, own: [] } : { principal: agentOf(only), own: [only.id] };
}

/**
 * A client that speaks to the sidecar over HTTP says of no program that it is its own. The only one of the kind that has hooks,
 * in the worktree of the edit, is taken to be meant: else it would be kept from the files of its own tasks.
 */
function overHttp(present: readonly Participant[], treeId: string): Participant[] {
  const there = present.filter(
    ({ id, instanceId, presence, worktree }) =>
      presence === "available" && worktree?.id === treeId && instanceId.startsWith(OVER_HTTP) && id.startsWith(`${CLIENT}:`),
  );
  return there.length === 1 ? there : [];
}

function firstOf(own: readonly Participant[], treeId: string): Speaker {
  const [first] = own.toSorted((a, b) => rankOf(a, treeId) - rankOf(b, treeId) || a.id.length - b.id.length);
  return { principal: first === undefined ? undefined : agentOf(first), own: own.map(({ id }) => id) };
}

function isSame(one: Host, other: Program): boolean {
  return one.pid === other.pid && (one.started_at === undefined || other.started_at === undefined || one.started_at === other.started_at);
}

function agentOf({ id, instanceId, presence }: Participant): Agent {
  return { id, instance: instanceId, isAway: presence === "unavailable" };
}

/** Whether hooks joined it, and no bridge speaks for it. */
export function isGuest({ instance }: Agent): boolean {
  return instance.startsWith(INSTANCE);
}

function instanceOf(conversation: string): string {
  return `${INSTANCE}${conversation.slice(0, 100)}`;
}

/** The name of a host without a bridge: that of its conversation, or of its program. */
export function guestOf({ hosts, conversation = "" }: Edit, root: string): Agent {
  const folder = root.split(/[\\/]/).findLast((name) => name !== "") ?? "workspace";
  // A UUID begins with eight digits that are its own; other names may begin alike.
  const isUuid = /^[0-9a-f]{8}-/.test(conversation);
  const short = isUuid || conversation === "" ? conversation : sha256(conversation);
  const name = short.slice(0, 8) || String(programIn(hosts)?.pid ?? "hook");
  return {
    id: `${CLIENT}:${name}@${folder}`.slice(0, 200) as PrincipalId,
    instance: instanceOf(conversation === "" ? name : conversation),
    isAway: false,
  };
}

/** The client among the programs above a hook. */
function programIn(hosts: readonly Program[]): Host | undefined {
  const found = hosts.find(({ isShell }) => isShell !== true) ?? hosts[0];
  if (found === undefined) return undefined;
  const { pid, started_at } = found;
  return { pid, ...(started_at === undefined ? {} : { started_at }) };
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
  join(guest: Agent, edit: Edit, place: EditPlace): Promise<Outcome>;
  /** Those that an earlier process joined count as heard again while their programs run. */
  holdAgain(participants: Iterable<Participant>): void;
  leave(guest: Agent): Promise<void>;
}

export function createNewcomers({ presence, isLiving, carry }: NewcomersOptions): Newcomers {
  const held = new Map<string, { readonly host: Host; readonly hold: Disposable }>();

  function letGo(id: string): void {
    held.get(id)?.hold[Symbol.dispose]();
    held.delete(id);
  }

  function hold(id: string, host: Host | undefined): void {
    letGo(id);
    if (host !== undefined && isLiving(host)) held.set(id, { host, hold: presence.hold(id) });
  }

  const timer = setInterval(() => {
    for (const [id, { host }] of held) if (!isLiving(host)) letGo(id);
  }, LOOK_MS);
  timer.unref();

  return {
    async join({ id, instance }, { hosts }, { treeId, root, branch, head }) {
      const host = programIn(hosts);
      const worktree = { id: treeId, path: root, ...(branch === undefined ? {} : { branch }), ...(head === undefined ? {} : { head }) };
      const signalbox = { worktree, ...(host === undefined ? {} : { host }) };
      const payload = { display_name: id, roles: ["contributor"], capabilities: [], extensions: { signalbox } };
      const outcome = await carry(id, instance, "HELLO", payload as unknown as JsonObject);
      if (outcome.ok) hold(id, host);
      return outcome;
    },
    holdAgain(participants) {
      for (const { id, instanceId, host, presence: now } of participants)
        if (now === "available" && instanceId.startsWith(INSTANCE)) hold(id, host);
    },
    async leave({ id, instance }) {
      await carry(id, instance, "GOODBYE", { reason: "user_exit" });
      letGo(id);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const id of held.keys()) letGo(id);
    },
  };
}
