/**
 * One session and those in it (`attendance.ts`): who joins, what each says goes to the engine, and who hears what of each record.
 *
 * A refused HELLO hears nothing.
 */
import { randomBytes } from "node:crypto";
import type { OpenStream } from "../../engine/engine.ts";
import type { Outcome } from "../../engine/stream-host.ts";
import { policyOf, rowIn, treeOf } from "../../core/session/read.ts";
import type { SessionCommand } from "../../core/session/session.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { SessionFacts } from "../../core/session/verdict.ts";
import type { InstanceId, PrincipalId } from "../../wire/ids.ts";
import type { Host } from "../../wire/mpac/extension.ts";
import type { ClientMessage, Message } from "../../wire/mpac/messages.ts";
import type { LogRecord } from "../../wire/record.ts";
import { standing, withAck } from "./acknowledgements.ts";
import { createAttendance, type Family } from "./attendance.ts";
import type { Prepared } from "./commands.ts";
import { type Bound, CLOSE, type Connection } from "./connection.ts";
import { createCrowd } from "./crowd.ts";
import { createHeartbeatIds } from "./heartbeat-ids.ts";
import { actorOf, provenOf } from "./proven.ts";
import { refusals, remark, type Saying, sayingOf, type Speaker } from "./coordinator-voice.ts";
import { createLastWords } from "./last-words.ts";
import { messageOf, type Outbound, outboundOf } from "./relay.ts";
import type { Heard, Seat } from "./seats.ts";
import { type Accession, createSuccession } from "./succession.ts";
import { sessionInfo, sessionStatus, standingMembers, type SessionFace } from "./session-info.ts";
import { textFrame } from "./text-frame.ts";

export type SessionStream = OpenStream<SessionState, SessionCommand, SessionFacts>;

export interface Room extends Disposable {
  readonly face: SessionFace;
  readonly stream: SessionStream;
  /**
   * Joins a connection; resolves when the outcome is known.
   *
   * @param secret - what the client was told over its last connection, and proves by it to be the same
   */
  join(connection: Connection, message: Message<"HELLO">, secret?: string): Promise<void>;
  /** Carries any other message of a bound connection. */
  carry(connection: Connection, prepared: Prepared): void;
  refuse(connection: Connection, outcome: Extract<Outcome, { ok: false }>, refersTo: string | undefined): void;
  leave(connection: Connection): void;
  /** Tells everybody that another process takes the session over, one epoch later (SPEC 8.1.1.4). */
  announceHandover(): void;
  /** Whether somebody has joined under this name over a connection that is open, or this process speaks for it. */
  isConnected(principal: string): boolean;
  /** Holds a name for somebody who has no connection, and whom this process speaks for; `held` ends with it. */
  sit(principal: PrincipalId, hear: (heard: Heard) => void, held: Disposable): Seat;
  /** The names of its family that others hold, as the decision about its HELLO has to know. */
  familyOf(seat: Seat): Family;
  readonly connections: number;
}

export interface RoomOptions {
  readonly nowMs: () => number;
  /** Whether the program that runs a participant still runs on this machine. */
  readonly isLiving: (host: Host) => boolean;
  /** Milliseconds that an old connection has to answer when another one comes under its instance; 2,000 by default. */
  readonly answerMs?: number;
  /** How this process came to serve the session, when it had one before; `recovered` by default. */
  readonly accession?: Accession;
}

const ANSWER_MS = 2_000;

/** The part of its interval after which the coordinator shows that it lives: timers are late, and once in each is a must (SPEC 14.6). */
const IN_TIME = 0.9;

const SECRET_BYTES = 18;

export async function openRoom(stream: SessionStream, face: SessionFace, options: RoomOptions): Promise<Room> {
  const { nowMs, isLiving, answerMs = ANSWER_MS, accession = "recovered" } = options;
  const { host, presence } = stream;
  const coordinator = `service:coordinator-${face.sessionId}`;
  const attendance = createAttendance(stream, { coordinator, nowMs, isLiving, answerMs });
  const { everyone } = attendance;
  const crowd = createCrowd(() => everyone.size);
  const isRepeatedBeat = createHeartbeatIds(nowMs);
  const lastWords = createLastWords();

  // Before anything is waited for: a stream that nobody listens to is dropped.
  const subscription = host.subscribe(publish);
  /** As of now: the epoch of this process is known only once it is on the log. */
  const speaker = (): Speaker => ({ sessionId: face.sessionId, epoch: host.view.epoch, clock: host.view.clock });

  /** Every record, as it becomes durable: relayed, acknowledged to its sender, and what the coordinator says of it. */
  function publish(record: LogRecord): void {
    const message = messageOf(record);
    const sender = message?.sender.principal_id;
    const senderConnection = sender === undefined ? undefined : attendance.connectionOf(sender);
    const acknowledged = message !== undefined && senderConnection?.bound?.extended === true;
    if (acknowledged) senderConnection.send(JSON.stringify(withAck(message, record)));

    for (const outbound of lastWords(record, outboundOf(record))) {
      deliver(record, outbound, sender, acknowledged ? senderConnection : undefined);
      attendance.tellSeats(outbound, sender);
    }
  }

  function deliver(record: LogRecord, outbound: Outbound, sender: string | undefined, acknowledged: Connection | undefined): void {
    switch (outbound.kind) {
      case "relay":
        return sendToAll(attendance.audienceOf(outbound.audience, sender), outbound.message, acknowledged);
      case "sideband":
        return sendToAll(everyone, outbound.frame);
      case "coordinator": {
        const payload = { ...standingMembers(host.view, face.sessionId, outbound.type), ...outbound.payload };
        const saying = sayingOf(record, face.sessionId, outbound.type, payload, outbound);
        for (const connection of attendance.audienceOf(outbound.audience, sender)) connection.say(speaker(), saying);
        return;
      }
    }
  }

  /** One frame for all of them, and none when nobody is there. */
  function sendToAll(connections: Iterable<Connection>, message: object, except?: Connection): void {
    if (everyone.size > (except === undefined ? 0 : 1)) crowd.tell(connections, textFrame(JSON.stringify(message)), except);
  }

  const { heartbeatMs, succession, waiting } = await host
    .query((state) => ({
      waiting: rowIn(state).map(({ principal }) => principal),
      heartbeatMs: policyOf(state.settings).heartbeatMs * IN_TIME,
      succession: createSuccession(state, accession),
    }))
    .catch((error: unknown) => {
      subscription[Symbol.dispose]();
      throw error;
    });
  attendance.miss(waiting);
  const statusTimer = setInterval(() => {
    if (everyone.size === 0) return;
    void host
      .query((folded) => sessionStatus(folded, face.sessionId, "heartbeat"))
      .then(
        (payload) => tellAll(remark("COORDINATOR_STATUS", payload, nowMs())),
        () => undefined,
      );
  }, heartbeatMs);
  statusTimer.unref();

  function tellAll(saying: Saying): void {
    for (const connection of everyone) connection.say(speaker(), saying);
  }

  function refuse(connection: Connection, outcome: Extract<Outcome, { ok: false }>, refersTo: string | undefined): void {
    for (const saying of refusals(outcome.rejection, refersTo, nowMs())) connection.say(speaker(), saying);
  }

  return {
    face,
    stream,
    isConnected: (principal) => attendance.isConnected(principal),
    sit: (principal, hear, held) => attendance.sit(principal, hear, held),
    familyOf: (seat) => attendance.familyOf(seat),
    get connections() {
      return everyone.size;
    },
    async join(connection, message, secret) {
      const principal = message.sender.principal_id;
      const instance = (message.sender.sender_instance_id ?? `${principal}:connection-${connection.id}`) as InstanceId;
      const family = await attendance.expect(connection, { principal, instance }, secret);
      const actor = actorOf(connection, principal);
      const facts = (): SessionFacts => ({ ...family(), ...provenOf(connection, message) });
      return new Promise((resolve) => {
        host.submit({ command: message, actor, facts }, (outcome) => {
          if (!outcome.ok) refuse(connection, outcome, message.message_id);
          else if (connection.open) welcome(connection, message, { principal, instance, ...speaks(message) });
          attendance.settled(connection, principal);
          resolve();
        });
      });
    },
    carry(connection, { message, text, facts }) {
      const principal = message.sender.principal_id;
      presence.heard(principal, nowMs());
      // A client of ours sends again what it is not sure of.
      const isLooked = connection.identity !== undefined && connection.bound?.extended === false;
      if (isLooked && message.message_type === "HEARTBEAT" && isRepeatedBeat(message.message_id)) {
        const why = `a message ${message.message_id} was taken already; give each message an id of its own`;
        return refuse(connection, { ok: false, rejection: { code: "message/replayed", message: why } }, message.message_id);
      }
      const divergent = succession.divergence(host.view, message);
      if (divergent !== undefined) connection.say(speaker(), remark("PROTOCOL_ERROR", divergent, nowMs()));
      const submission = {
        command: message,
        ...(text === undefined ? {} : { commandText: text }),
        actor: actorOf(connection, principal),
        facts: () => ({ ...facts, ...provenOf(connection, message) }),
      };
      host.submit(submission, (outcome) => {
        if (!outcome.ok) refuse(connection, outcome, message.message_id);
        else if (outcome.record === undefined) tellStanding(connection, message, outcome);
        if (outcome.ok && message.message_type === "GOODBYE") goodbye(connection);
      });
    },
    refuse,
    leave: (connection) => attendance.leave(connection),
    announceHandover() {
      const status = sessionStatus(host.view, face.sessionId, "handover");
      const successor = { successor_coordinator_id: status["coordinator_id"] ?? "", next_coordinator_epoch: host.view.epoch + 1 };
      tellAll(remark("COORDINATOR_STATUS", { ...status, ...successor }, nowMs()));
    },
    [Symbol.dispose]() {
      subscription[Symbol.dispose]();
      crowd[Symbol.dispose]();
      clearInterval(statusTimer);
    },
  };

  function welcome(connection: Connection, message: Message<"HELLO">, bound: Bound): void {
    attendance.bind(connection, bound);
    const joined = { hello: message, revision: host.revision, identity: connection.identity, secret: bound.secret };
    connection.say(speaker(), remark("SESSION_INFO", sessionInfo(host.view, face, joined), nowMs()));
    const event = succession.greet(bound.principal);
    if (event !== undefined)
      connection.say(speaker(), remark("COORDINATOR_STATUS", sessionStatus(host.view, face.sessionId, event), nowMs()));
  }

  /** Nothing was recorded because it stands so already: the sender hears it, nobody else does. */
  function tellStanding(connection: Connection, message: ClientMessage, outcome: Extract<Outcome, { ok: true }>): void {
    const told = standing(message, outcome, connection.bound?.extended === true);
    if (told !== undefined) connection.send(JSON.stringify(told));
  }

  /** The record of the GOODBYE is published right after this answer, so the connection goes once that has been sent. */
  function goodbye(connection: Connection): void {
    const { bound } = connection;
    queueMicrotask(() => {
      // Whoever has joined again over the same connection in between stays.
      if (connection.bound !== bound) return;
      attendance.unbind(connection);
      if (bound?.extended === true) connection.close(CLOSE.normal, "goodbye");
    });
  }
}

function speaks(hello: Message<"HELLO">): Omit<Bound, "principal" | "instance"> {
  const extension = hello.payload.extensions?.signalbox;
  const extended = extension !== undefined;
  return {
    extended,
    tree: treeOf({ worktree: extension?.worktree }),
    secret: extended ? randomBytes(SECRET_BYTES).toString("base64url") : undefined,
  };
}
