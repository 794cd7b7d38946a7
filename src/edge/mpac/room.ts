/**
 * One session and the connections in it: who is bound to which, who hears what.
 *
 * A sender is bound to its connection in every profile: what a connection says, it says as the principal that it joined
 * as, or it is refused. A refused HELLO hears nothing.
 */
import { randomBytes } from "node:crypto";
import type { OpenStream } from "../../engine/engine.ts";
import type { Outcome } from "../../engine/stream-host.ts";
import { arbitersOf, hostsInFamily, isSameFamily, rowIn, treeOf } from "../../core/session/read.ts";
import type { SessionCommand } from "../../core/session/session.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { SessionFacts } from "../../core/session/verdict.ts";
import type { InstanceId, PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Host } from "../../wire/mpac/extension.ts";
import type { ClientMessage, Message } from "../../wire/mpac/messages.ts";
import type { LogRecord } from "../../wire/record.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { createAbsences } from "./absences.ts";
import { standing, withAck } from "./acknowledgements.ts";
import type { Prepared } from "./commands.ts";
import { type Bound, CLOSE, type Connection } from "./connection.ts";
import { createCrowd } from "./crowd.ts";
import { actorOf, isSecret, provenOf } from "./proven.ts";
import { refusals, remark, type Saying, sayingOf, type Speaker } from "./coordinator-voice.ts";
import { connectedFamily } from "./families.ts";
import { messageOf, type Outbound, outboundOf } from "./relay.ts";
import type { Audience } from "./sayings.ts";
import { createSeats, type Heard, type Seat } from "./seats.ts";
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
  familyOf(seat: Seat): Pick<SessionFacts, "connected" | "living">;
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

const SECRET_BYTES = 18;

export async function openRoom(stream: SessionStream, face: SessionFace, options: RoomOptions): Promise<Room> {
  const { nowMs, isLiving, answerMs = ANSWER_MS, accession = "recovered" } = options;
  const { host, presence } = stream;
  const everyone = new Set<Connection>();
  const byPrincipal = new Map<PrincipalId, Connection>();
  const joining = new Set<Connection>();
  const holds = new Map<Connection, Disposable>();
  const seats = createSeats();
  const crowd = createCrowd(() => everyone.size);
  const coordinator = `service:coordinator-${face.sessionId}`;

  // Before anything is waited for: a stream that nobody listens to is dropped.
  const subscription = host.subscribe(publish);
  /** As of now: the epoch of this process is known only once it is on the log. */
  const speaker = (): Speaker => ({ sessionId: face.sessionId, epoch: host.view.epoch, clock: host.view.clock });

  function audienceOf(audience: Audience, sender: string | undefined): Iterable<Connection> {
    switch (audience.kind) {
      case "everyone":
        return everyone;
      case "others":
        return [...everyone].filter((connection) => connection.bound?.principal !== sender);
      case "except":
        return [...everyone].filter((connection) => connection.bound?.principal !== audience.principal);
      case "only":
        return audience.principals.flatMap((principal) => byPrincipal.get(principal as PrincipalId) ?? []);
      case "parties": {
        const judges = arbitersOf(host.view).filter((principal) => principal !== sender);
        return [...new Set([...audience.principals, ...judges])].flatMap((principal) => byPrincipal.get(principal as PrincipalId) ?? []);
      }
    }
  }

  /** Every record, as it becomes durable: relayed, acknowledged to its sender, and what the coordinator says of it. */
  function publish(record: LogRecord): void {
    const message = messageOf(record);
    const sender = message?.sender.principal_id;
    const senderConnection = sender === undefined ? undefined : byPrincipal.get(sender);
    const acknowledged = message !== undefined && senderConnection?.bound?.extended === true;
    if (acknowledged) senderConnection.send(JSON.stringify(withAck(message, record)));

    for (const outbound of outboundOf(record)) {
      deliver(record, outbound, sender, acknowledged ? senderConnection : undefined);
      seats.hear(outbound, sender, coordinator, () => arbitersOf(host.view));
    }
  }

  function deliver(record: LogRecord, outbound: Outbound, sender: string | undefined, acknowledged: Connection | undefined): void {
    switch (outbound.kind) {
      case "relay":
        return sendToAll(audienceOf(outbound.audience, sender), outbound.message, acknowledged);
      case "sideband":
        return sendToAll(everyone, outbound.frame);
      case "coordinator": {
        const payload = { ...standingMembers(host.view, face.sessionId, outbound.type), ...outbound.payload };
        const saying = sayingOf(record, face.sessionId, outbound.type, payload, outbound);
        for (const connection of audienceOf(outbound.audience, sender)) connection.say(speaker(), saying);
        return;
      }
    }
  }

  /** One frame for all of them, and none when nobody is there. */
  function sendToAll(connections: Iterable<Connection>, message: object, except?: Connection): void {
    const listeners = [...connections].filter((connection) => connection !== except);
    if (listeners.length > 0) crowd.tell(listeners, textFrame(JSON.stringify(message)));
  }

  const absences = createAbsences(
    host,
    (principal) => isConnected(principal) || [...joining].some((one) => one.joining?.principal === principal),
  );

  const { heartbeatMs, succession, waiting } = await host
    .query((state) => ({
      waiting: rowIn(state).map(({ principal }) => principal),
      heartbeatMs: state.settings.heartbeat_interval_sec * 1000,
      succession: createSuccession(state, accession),
    }))
    .catch((error: unknown) => {
      subscription[Symbol.dispose]();
      throw error;
    });
  for (const principal of new Set(waiting)) absences.note(principal);
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

  /**
   * The connection that a newcomer has taken the place of. Its instance proves nothing, because others see that in what is
   * relayed: it brings what only its client was told, or the old connection must be dead.
   */
  async function predecessorOf(
    newcomer: Connection,
    { principal, instance }: Pick<Bound, "principal" | "instance">,
    secret: string | undefined,
  ): Promise<Connection | undefined> {
    const old = byPrincipal.get(principal);
    if (old === undefined || old === newcomer || old.bound?.instance !== instance) return undefined;
    if (secret !== undefined && isSecret(old.bound.secret, secret)) return old;
    if (await old.answers(answerMs)) return undefined;
    leave(old);
    old.terminate();
    return undefined;
  }

  /** Names of the family that no socket holds and whose program lives. */
  function livingFamily(principal: PrincipalId, connected: readonly string[]): string[] {
    return hostsInFamily(host.view, principal)
      .filter(({ id, host: program }) => !connected.includes(id) && !byPrincipal.has(id) && isLiving(program))
      .map(({ id }) => id);
  }

  function bind(connection: Connection, bound: Bound): void {
    const replaced = byPrincipal.get(bound.principal);
    if (replaced !== undefined && replaced !== connection) {
      joining.delete(replaced);
      unbind(replaced);
      replaced.close(CLOSE.replaced, "the same instance joined over another connection");
    }
    const earlier = connection.bound?.principal;
    unbind(connection);
    connection.bound = bound;
    byPrincipal.set(bound.principal, connection);
    everyone.add(connection);
    presence.heard(bound.principal, nowMs());
    if (bound.extended) holds.set(connection, presence.hold(bound.principal));
    if (earlier !== undefined) absences.note(earlier);
  }

  function unbind(connection: Connection): void {
    const { bound } = connection;
    holds.get(connection)?.[Symbol.dispose]();
    holds.delete(connection);
    everyone.delete(connection);
    if (bound !== undefined && byPrincipal.get(bound.principal) === connection) byPrincipal.delete(bound.principal);
    connection.bound = undefined;
  }

  function leave(connection: Connection): void {
    const { bound } = connection;
    joining.delete(connection);
    unbind(connection);
    if (bound !== undefined) absences.note(bound.principal);
  }

  function isConnected(principal: string): boolean {
    return byPrincipal.has(principal as PrincipalId) || seats.isTaken(principal as PrincipalId);
  }

  function refuse(connection: Connection, outcome: Extract<Outcome, { ok: false }>, refersTo: string | undefined): void {
    for (const saying of refusals(outcome.rejection, refersTo, nowMs())) connection.say(speaker(), saying);
  }

  return {
    face,
    stream,
    isConnected,
    sit(principal, hear, held) {
      const left = (): void => {
        held[Symbol.dispose]();
        absences.note(principal);
      };
      return seats.take(principal, hear, { [Symbol.dispose]: left });
    },
    familyOf(seat) {
      const { principal } = seat;
      const held = [...byPrincipal.keys()].filter((name) => isSameFamily(name, principal));
      const connected = [...held, ...seats.inFamilyOf(principal, seat)];
      const living = livingFamily(principal, connected);
      return { connected, ...(living.length === 0 ? {} : { living }) };
    },
    get connections() {
      return everyone.size;
    },
    async join(connection, message, secret) {
      const principal = message.sender.principal_id;
      const instance = (message.sender.sender_instance_id ?? `${principal}:connection-${connection.id}`) as InstanceId;
      const predecessor = await predecessorOf(connection, { principal, instance }, secret);
      connection.joining = { principal, instance };
      joining.add(connection);
      return new Promise((resolve) => {
        host.submit(
          {
            command: message,
            actor: actorOf(connection, principal),
            facts: () => {
              const connected = [
                ...connectedFamily({ everyone, joining }, connection, principal, predecessor),
                ...seats.inFamilyOf(principal),
              ];
              const living = livingFamily(principal, connected);
              return { connected, ...(living.length === 0 ? {} : { living }), ...provenOf(connection, message) };
            },
          },
          (outcome) => {
            joining.delete(connection);
            connection.joining = undefined;
            if (!outcome.ok) refuse(connection, outcome, message.message_id);
            else if (connection.open) welcome(connection, message, { principal, instance, ...speaks(message) });
            // It may have gone meanwhile, or have been refused what another had left for it.
            if (connection.bound?.principal !== principal) absences.note(principal);
            resolve();
          },
        );
      });
    },
    carry(connection, { message, text, facts }) {
      const principal = message.sender.principal_id;
      presence.heard(principal, nowMs());
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
    leave,
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
    bind(connection, bound);
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
      unbind(connection);
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
