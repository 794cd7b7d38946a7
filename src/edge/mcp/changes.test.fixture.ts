/** The logs of a session on a real engine, one process after the other, and followers of them. */
import { onTestFinished } from "vitest";
import { board } from "../../core/board/board.ts";
import { mail } from "../../core/mail/mail.ts";
import { register, send } from "../../core/mail/mail.test.fixture.ts";
import { session } from "../../core/session/session.ts";
import { loops, messageOf, SESSION, timePasses } from "../../engine/engine.test.fixture.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { createManualClock, type ManualClock } from "../../engine/manual-clock.test.fixture.ts";
import { hashOf } from "../../engine/seal.ts";
import type { Outcome, StreamHost } from "../../engine/stream-host.ts";
import { memoryStore } from "../../store/memory.ts";
import type { EventStore } from "../../store/store.ts";
import type { JsonObject } from "../../wire/json.ts";
import { createChanges } from "./changes.ts";
import type { Logs } from "./followed-session.ts";
import type { Change, Changes } from "./ports.ts";

export interface Reading extends Disposable {
  /** The next change, in words, and where it led. */
  next(): Promise<{ readonly told: string; readonly cursor: string; readonly change: Change }>;
  /** Whether nothing is told, although everything that happened has been heard. */
  isQuiet(): Promise<boolean>;
  readonly iterator: AsyncIterator<Change>;
}

export interface Process {
  readonly engine: Engine;
  readonly changes: Changes;
  /** What was opened for the followers, in the order in which it was. */
  readonly opened: string[];
  /** What the followers' log was told. */
  readonly faults: unknown[];
  says(...said: Parameters<typeof messageOf>): Promise<Outcome>;
  posts(topic: string): Promise<Outcome>;
  claims(lane: string, leaseMs: number): Promise<Outcome>;
  /** Registers both with the mail, and sends. */
  mails(from: string, to: string, id: string): Promise<Outcome>;
  follows(principal?: string, after?: string): Reading;
  /** Whether somebody listens to the log of that part. */
  isListenedTo(part: "session" | "board" | "mail"): Promise<boolean>;
  pass(ms: number): Promise<void>;
  die(): Promise<void>;
}

function submit<Command, Facts extends JsonObject>(
  host: StreamHost<unknown, Command, Facts>,
  command: Command,
  principal: string,
): Promise<Outcome> {
  const facts = { contentHash: hashOf(JSON.stringify(command)) } as unknown as Facts;
  return new Promise((resolve) => host.submit({ command, actor: { principal, verified: "asserted" }, facts: () => facts }, resolve));
}

/** What a change says, without what all resources have before their names. */
export function wordsOf({ uris }: Change): string {
  return uris
    .map((uri) => uri.replace("signalbox://", ""))
    .toSorted()
    .join(" ");
}

export interface Start {
  readonly store?: EventStore;
  readonly clock?: ManualClock;
  /** Instead of the openers that there are. */
  readonly open?: Partial<Logs["open"]>;
}

export function start({ store = memoryStore(), clock = createManualClock(), open = {} }: Start = {}): Process {
  const engine = createEngine({ store, log: silentLog, node: "n", clock });
  const opened: string[] = [];
  const faults: unknown[] = [];
  const openSession = async () => (await engine.open(session, SESSION, {})).host;
  const openBoard = async () => (await engine.open(board, SESSION, {})).host;
  const openMail = async () => (await engine.open(mail, SESSION, {})).host;
  const noting =
    <Host>(part: string, openPart: () => Promise<Host>) =>
    (): Promise<Host> => {
      opened.push(part);
      return openPart();
    };
  const changes = createChanges({
    engine,
    open: { session: noting("session", openSession), board: noting("board", openBoard), mail: noting("mail", openMail), ...open },
    log: { ...silentLog, error: (fields) => faults.push(fields) },
  });

  const follows = (principal?: string, after?: string): Reading => {
    const leave = new AbortController();
    const iterator = changes.follow(SESSION, principal, after, leave.signal)[Symbol.asyncIterator]();
    let asked: Promise<IteratorResult<Change>> | undefined;
    return {
      iterator,
      async next() {
        asked ??= iterator.next();
        const { done, value } = await asked;
        asked = undefined;
        if (done === true) throw new Error("nothing is followed any more");
        return { told: wordsOf(value), cursor: value.cursor, change: value };
      },
      async isQuiet() {
        asked ??= iterator.next();
        const told = asked.then(() => false);
        return Promise.race([told, loops(10).then(() => true)]);
      },
      [Symbol.dispose]: () => leave.abort(),
    };
  };

  const theirs: Process = {
    engine,
    changes,
    opened,
    faults,
    follows,
    async says(...said) {
      const { host, presence } = await engine.open(session, SESSION, {});
      presence.heard(said[0], engine.nowMs());
      return submit(host, messageOf(...said), said[0]);
    },
    async posts(topic) {
      return submit(await openBoard(), { type: "PostMessage", topic, sender: "ana", body: "look", actionFlag: false }, "ana");
    },
    async claims(lane, leaseMs) {
      return submit(await openBoard(), { type: "ClaimLane", lane, owner: "ana", leaseMs }, "ana");
    },
    async mails(from, to, id) {
      const host = await openMail();
      for (const name of [from, to]) await submit(host, register(name), name);
      return submit(host, send(from, to, id), from);
    },
    async isListenedTo(part) {
      await loops();
      const hosts = { session: openSession, board: openBoard, mail: openMail };
      return !(await hosts[part]()).idle;
    },
    async pass(ms) {
      await timePasses(clock, ms);
    },
    die: () => engine.close(),
  };
  onTestFinished(() => theirs.die());
  return theirs;
}
