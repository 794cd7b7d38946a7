/** A session with visitors over HTTP, without the HTTP, on a clock that a test moves. */
import { setImmediate as nextLoop } from "node:timers/promises";
import { hostedVisitors, repositoryVisitors, type RepositoryGiven } from "./visitors.ts";
import { serveBoard } from "./board.ts";
import { serveMail } from "./mail.ts";
import { session } from "../core/session/session.ts";
import type { SessionState } from "../core/session/state.ts";
import { createDoor, type Identity } from "../edge/http/door.ts";
import type { Caller } from "../edge/mcp/ports.ts";
import { NOTHING_OBSERVED } from "../edge/mpac/observed-views.ts";
import { openRoom } from "../edge/mpac/room.ts";
import { createSessionEdge } from "../edge/mpac/session-edge.ts";
import { createEngine } from "../engine/engine.ts";
import { silentLog } from "../engine/log.ts";
import { createManualClock } from "../engine/manual-clock.test.fixture.ts";
import { redecide } from "../engine/redecide.ts";
import { NO_FILES } from "../git/main-tree.ts";
import type { Common } from "./service.ts";
import { memoryStore } from "../store/memory.ts";
import { callTool } from "../tools/call-tool.ts";
import type { ToolContext } from "../tools/ports.ts";
import { REGISTRY } from "../tools/registry.ts";
import { type PrincipalId, type SessionId, streamOf } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import type { MailEvent } from "../wire/mail.ts";
import { onBehalf } from "../wire/mpac/on-behalf.ts";
import type { ClientMessage } from "../wire/mpac/messages.ts";
import type { LogRecord } from "../wire/record.ts";

const SESSION = "s" as SessionId;

export function tokenOf(name: string, more: Partial<Identity> = {}): Identity {
  return { method: "bearer_token", issuer: "token-table", fingerprint: `finger-${name}`, roles: ["contributor"], ...more };
}

export const proven = (name: string, more: Partial<Caller> = {}): Caller => ({
  kind: "proven",
  name,
  principal: undefined,
  identity: tokenOf(name),
  mayWrite: true,
  ...more,
});

export const own = (principal?: string): Caller => ({
  kind: "own",
  name: undefined,
  principal,
  identity: { method: "bearer_token", issuer: "discovery-file", fingerprint: "own", roles: ["contributor"] },
  mayWrite: true,
});

export const ANYBODY: Caller = { kind: "anybody", name: undefined, principal: undefined, identity: undefined, mayWrite: false };

export interface VisitedOptions {
  readonly profile?: "open" | "authenticated";
  /** A log of an earlier life. */
  readonly store?: ReturnType<typeof memoryStore>;
  /** A repository's sidecar, whose main worktree this is. */
  readonly repository?: Pick<RepositoryGiven, "workspace" | "store">;
  readonly settings?: JsonObject;
  /** Whether their hosts have the tools of peers. */
  readonly takesMail?: boolean;
}

export async function visited({
  profile = "authenticated",
  store = memoryStore(),
  repository,
  settings = {},
  takesMail = true,
}: VisitedOptions = {}) {
  const clock = createManualClock();
  const engine = createEngine({ store, log: silentLog, node: "test", clock });
  const opened = await engine.open(session, SESSION, { profile, ...settings });
  let questions = 0;
  const host = Object.create(opened.host, {
    query: {
      value(ask: Parameters<typeof opened.host.query>[0]) {
        questions += 1;
        return opened.host.query(ask);
      },
    },
  }) as typeof opened.host;
  const stream = { ...opened, host };
  const room = await openRoom(
    stream,
    { sessionId: SESSION, workspaceDir: "", version: "0", control: 1 },
    { nowMs: () => engine.nowMs(), isLiving: () => false },
  );
  const inside = createSessionEdge({ room, engine, files: NO_FILES, observations: NOTHING_OBSERVED, clock });
  const common: Common = { engine, token: "own-token", onActivity: () => undefined, own: (owned) => owned };
  const { boardOf } = serveBoard({
    engine,
    door: createDoor({ own: "own-token" }),
    sessionAt: () => SESSION,
    askSession: (_id, ask) => stream.host.query(ask),
    isConnected: (_id, principal) => room.isConnected(principal),
    onActivity: () => undefined,
    log: silentLog,
  });
  const gone = new Set<Caller>();
  const callers = { stillHolds: (caller: Caller) => !gone.has(caller), howToSignIn: "bring a token" };
  const mail = serveMail(common, {
    config: { peers: { tokens: [], releaseDays: 30 } },
    log: silentLog,
    door: createDoor({ own: "own-token" }),
    sessionAt: () => SESSION,
    resident: SESSION,
  });
  const given = { callers, boardOf, enterMail: mail.enter, log: silentLog, clock };
  const visitors =
    repository === undefined
      ? hostedVisitors(common, { ...given, enter: () => Promise.resolve({ session: inside, [Symbol.dispose]: () => void (left += 1) }) })
      : await repositoryVisitors(common, { ...given, ...repository, session: inside });
  let messages = 0;
  let left = 0;

  async function contextOf(caller: Caller, client?: string, more: Partial<ToolContext> = {}): Promise<ToolContext> {
    return { ...(await visitors.visit(caller, SESSION, client, takesMail)).context, ...more };
  }

  /** Lets everything run that is due now. */
  async function settled(): Promise<void> {
    for (let turns = 0; turns < 20; turns += 1) await nextLoop();
  }

  return {
    store,
    clock,
    room,
    visitors,
    gone,
    boardOf,
    settled,
    /** How many were put to the session. */
    get questions() {
      return questions;
    },
    /** How often all visitors had left. */
    get left() {
      return left;
    },
    contextOf,
    state: <Result>(ask: (state: Readonly<SessionState>) => Result) => stream.host.query(ask),
    participant: (name: string) => stream.host.query(({ participants }) => participants.get(name as PrincipalId)),
    async call(caller: Caller, tool: string, args: object = {}, client?: string, more: Partial<ToolContext> = {}) {
      const called = await callTool(REGISTRY, await contextOf(caller, client, more), tool, args);
      if (called.outcome !== "result") throw new Error(called.message);
      return called.result.structured as Readonly<Record<string, unknown>> & { readonly intent_id: string; readonly notices?: string[] };
    },
    /** A participant over some other way. */
    async says(principal: string, type: ClientMessage["message_type"], payload: JsonObject, identity?: Identity) {
      const of = {
        sessionId: SESSION,
        messageId: `m${(messages += 1)}`,
        ts: "2026-01-01T00:00:00Z",
        principal,
        instance: `${principal}:1`,
      };
      const facts = () => ({ contentHash: `m${messages}`, ...(identity === undefined ? {} : { identity: { ...identity } }) });
      return new Promise((resolve) =>
        stream.host.submit({ command: onBehalf(of, type, payload), actor: { principal, verified: "token" }, facts }, resolve),
      );
    },
    /** Time passes in steps, and what falls due in each is carried out. */
    async pass(ms: number, stepMs = 5_000) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.advance(Math.min(stepMs, ms - passed));
        await settled();
      }
    },
    /** What became of the peers' mail. */
    async mailed(): Promise<MailEvent[]> {
      const events: MailEvent[] = [];
      for await (const { text } of store.read(streamOf(SESSION, "mail"), 0))
        events.push(...((JSON.parse(text) as LogRecord).events as MailEvent[]));
      return events;
    },
    async log(): Promise<LogRecord[]> {
      const records: LogRecord[] = [];
      for await (const { text } of store.read(stream.host.stream, 0)) records.push(JSON.parse(text) as LogRecord);
      return records;
    },
    /** The process ends: what its visitors hold they hold no more. */
    async end() {
      await visitors[Symbol.asyncDispose]();
      inside[Symbol.dispose]();
      await engine.close();
    },
    async [Symbol.asyncDispose]() {
      await this.end();
      redecide(session, await this.log());
    },
  };
}
