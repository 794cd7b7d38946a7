/**
 * A session for whoever is in this process: the same messages and questions as over a connection, without frames and without
 * a credential to look at, which another edge has done.
 */
import type { Clock } from "../../engine/clock.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Outcome } from "../../engine/outcome.ts";
import { virtualFile } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { ProvenIdentity, SessionFacts } from "../../core/session/verdict.ts";
import type { Hash, PrincipalId } from "../../wire/ids.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { Answer, Query } from "../../wire/query.ts";
import type { Actor, Revision } from "../../wire/record.ts";
import { prepare, type Surroundings } from "./commands.ts";
import { expectAgain } from "./expected.ts";
import type { Behind } from "./observed-views.ts";
import type { Room } from "./room.ts";
import type { Heard, Seat } from "./seats.ts";
import { answerQuery, type ViewContext } from "./views.ts";

/** Whom an answer is for. */
export interface Asker {
  /** A name of a participant; undefined for whoever takes no part. */
  readonly principal: string | undefined;
  /** The worktree of one that has not joined. */
  readonly tree?: string | undefined;
}

/** Who says a message. */
export interface Sayer {
  readonly actor: Actor;
  /** The tree that its operations are about. */
  readonly tree: string;
  /** Where a HELLO is said: the seat under its name, taken before. */
  readonly seat?: Seat;
  /** Whose credential that HELLO brings, where one is wanted. */
  readonly identity?: ProvenIdentity | undefined;
}

/** A file of the virtual tree. */
export type VirtualFile =
  | { readonly status: "ok"; readonly path: string; readonly bytes: Uint8Array }
  | { readonly status: "missing"; readonly path: string }
  | { readonly status: "refused"; readonly why: string };

export interface Inside extends Disposable {
  readonly sessionId: string;
  /** Of the main worktree; empty where the session is of no repository. */
  readonly workspaceDir: string;
  /** Of the last that has happened in it, and is durable. */
  readonly revision: Revision;
  /** Asks the durable state, behind everything that was said before. */
  query<Result>(ask: (state: Readonly<SessionState>) => Result): Promise<Result>;
  ask(query: Query, asker: Asker): Promise<Answer>;
  /** Resolves when the outcome is durable and everybody has heard of it. */
  say(message: ClientMessage, sayer: Sayer): Promise<Outcome>;
  /** Holds a name, whose participant counts as present and hears what is said to it. */
  sit(principal: string, hear: (heard: Heard) => void): Seat;
  /** Whether somebody is connected under the name, or holds it. */
  isConnected(principal: string): boolean;
  worked(principal: string): void;
  /** Milliseconds after `ms` in which nothing could be heard, because the machine slept: known once a question has been answered. */
  sleptSince(ms: number): number;
  readFile(path: string): Promise<VirtualFile>;
}

export interface InsideOptions {
  readonly room: Room;
  readonly engine: Pick<Engine, "getBlob" | "nowMs">;
  readonly surroundings: Surroundings;
  readonly viewContext: (state: Readonly<SessionState>) => ViewContext;
  readonly behindOf: Behind;
  readonly clock: Pick<Clock, "after">;
}

const CAUSAL: ReadonlySet<ClientMessage["message_type"]> = new Set(["OP_COMMIT", "OP_BATCH_COMMIT", "CONFLICT_REPORT", "RESOLUTION"]);

export function openInside({ room, engine, surroundings, viewContext, behindOf, clock }: InsideOptions): Inside {
  const { host, presence } = room.stream;
  const { sessionId, workspaceDir } = room.face;

  function carry(message: ClientMessage, actor: Actor, facts: () => SessionFacts, text?: string): Promise<Outcome> {
    presence.heard(message.sender.principal_id, engine.nowMs());
    return new Promise((resolve) =>
      host.submit({ command: message, ...(text === undefined ? {} : { commandText: text }), actor, facts }, resolve),
    );
  }

  let spoken = 0;
  /** Whoever is in this process has seen all of it, and says so where it matters (SPEC 7.3). */
  function withWatermark(message: ClientMessage): ClientMessage {
    if (!CAUSAL.has(message.message_type)) return message;
    spoken = Math.max(spoken, host.view.clock) + 1;
    return { ...message, watermark: { kind: "lamport_clock", value: spoken } };
  }

  const inside: Inside = {
    sessionId,
    workspaceDir,
    get revision() {
      return host.revision;
    },
    query: (ask) => host.query(ask),
    async ask(query, { principal, tree }) {
      const asker = principal as PrincipalId | undefined;
      const { answer, behind } = await host.query((state) => answerQuery({ askerTree: tree, ...viewContext(state) }, query, asker));
      const lacking = await behindOf(behind);
      return lacking.length === 0 ? answer : ({ ...answer, behind: lacking } as Answer);
    },
    say(message, { actor, tree, seat, identity }) {
      if (seat !== undefined && message.message_type === "HELLO") {
        const facts = (): SessionFacts => ({ ...room.familyOf(seat), ...(identity === undefined ? {} : { identity }) });
        return carry(message, actor, facts);
      }
      // What is about no virtual tree is handed on at once, so that a question asked next is answered behind it.
      const prepared = prepare(withWatermark(message), tree, surroundings);
      if (prepared instanceof Promise) return prepared.then(hand);
      return hand(prepared);

      function hand(made: Awaited<typeof prepared>): Promise<Outcome> {
        if ("refused" in made) return Promise.resolve({ ok: false, rejection: { code: "message/malformed", message: made.refused } });
        return carry(made.message, actor, () => made.facts, made.text);
      }
    },
    sit(principal, hear) {
      const held = presence.hold(principal);
      expected.arrived(principal);
      return room.sit(principal as PrincipalId, hear, held);
    },
    isConnected: (principal) => room.isConnected(principal),
    worked: (principal) => presence.worked(principal, engine.nowMs()),
    sleptSince: (ms) => presence.sleptSince(ms),
    async readFile(path) {
      const place = await host.query((state) => virtualFile(state, path));
      if ("refused" in place) return { status: "refused", why: place.refused };
      const { written } = place;
      if (written !== undefined && written.stateRef === null) return { status: "missing", path: place.path };
      const bytes = written?.blob === undefined ? undefined : await engine.getBlob(written.blob as Hash);
      if (bytes !== undefined) return { status: "ok", path: place.path, bytes };
      const read = await surroundings.files.read(place.path);
      if ("refused" in read) return { status: "missing", path: place.path };
      return { status: "ok", path: place.path, bytes: Buffer.from(read.content, "utf8") };
    },
    [Symbol.dispose]: () => expected[Symbol.dispose](),
  };
  const expected = expectAgain({ sessionId, session: inside, presence, clock, nowMs: () => engine.nowMs() });
  return inside;
}
