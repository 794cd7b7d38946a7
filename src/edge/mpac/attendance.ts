/**
 * Who is in a room: connections by whom they are bound to, those that are about to be, and the seats of whoever has none.
 *
 * A sender is bound to its connection in every profile: what a connection says, it says as the principal that it joined as.
 */
import { arbitersOf, hostsInFamily, isSameFamily } from "../../core/session/read.ts";
import type { SessionFacts } from "../../core/session/verdict.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { Host } from "../../wire/mpac/extension.ts";
import { isSameSecret } from "../http/bearer.ts";
import { createAbsences } from "./absences.ts";
import { type Bound, CLOSE, type Connection } from "./connection.ts";
import { connectedFamily } from "./families.ts";
import type { Outbound } from "./relay.ts";
import type { SessionStream } from "./room.ts";
import type { Audience } from "./sayings.ts";
import { createSeats, type Heard, type Seat } from "./seats.ts";

/** Names of a family that others hold, as the decision about a HELLO has to know. */
export type Family = Pick<SessionFacts, "connected" | "living">;

type Named = Pick<Bound, "principal" | "instance">;

export interface Attendance {
  /** The connections that have joined. */
  readonly everyone: ReadonlySet<Connection>;
  connectionOf(principal: string): Connection | undefined;
  audienceOf(audience: Audience, sender: string | undefined): Iterable<Connection>;
  /** Tells those who have a seat and no connection. */
  tellSeats(outbound: Outbound, sender: string | undefined): void;
  /** Whether somebody has joined under this name over a connection that is open, or this process speaks for it. */
  isConnected(principal: string): boolean;
  /** Holds a name for somebody who has no connection, and whom this process speaks for; `held` ends with it. */
  sit(principal: PrincipalId, hear: (heard: Heard) => void, held: Disposable): Seat;
  familyOf(seat: Seat): Family;
  /**
   * It is about to join, until `settled`. Gives what others hold, to be asked at the decision.
   *
   * @param secret - what the client was told over its last connection, and proves by it to be the same
   */
  expect(newcomer: Connection, named: Named, secret: string | undefined): Promise<() => Family>;
  /** What was expected has come, or does not come: it is bound before this is said, where it is. */
  settled(newcomer: Connection, principal: PrincipalId): void;
  bind(connection: Connection, bound: Bound): void;
  unbind(connection: Connection): void;
  /** The connection is gone. */
  leave(connection: Connection): void;
  /** Looks whether anybody is there under the names, where none of them has said that it left. */
  miss(principals: Iterable<string>): void;
}

export interface AttendanceOptions {
  readonly coordinator: string;
  readonly nowMs: () => number;
  readonly isLiving: (host: Host) => boolean;
  /** Milliseconds that an old connection has to answer when another one comes under its instance. */
  readonly answerMs: number;
}

export function createAttendance({ host, presence }: SessionStream, options: AttendanceOptions): Attendance {
  const { coordinator, nowMs, isLiving, answerMs } = options;
  const everyone = new Set<Connection>();
  const byPrincipal = new Map<PrincipalId, Connection>();
  const joining = new Set<Connection>();
  const holds = new Map<Connection, Disposable>();
  const seats = createSeats();
  const isExpected = (principal: string): boolean => [...joining].some((one) => one.joining?.principal === principal);
  const absences = createAbsences(host, (principal) => isConnected(principal) || isExpected(principal));

  const connectionOf = (principal: string): Connection | undefined => byPrincipal.get(principal as PrincipalId);

  function isConnected(principal: string): boolean {
    return byPrincipal.has(principal as PrincipalId) || seats.isTaken(principal as PrincipalId);
  }

  /**
   * The connection that a newcomer has taken the place of. Its instance proves nothing, because others see that in what is
   * relayed: it brings what only its client was told, or the old connection must be dead.
   */
  async function predecessorOf(
    newcomer: Connection,
    { principal, instance }: Named,
    secret: string | undefined,
  ): Promise<Connection | undefined> {
    const old = byPrincipal.get(principal);
    if (old === undefined || old === newcomer || old.bound?.instance !== instance) return undefined;
    const { secret: told } = old.bound;
    if (secret !== undefined && told !== undefined && isSameSecret(secret, told)) return old;
    if (await old.answers(answerMs)) return undefined;
    leave(old);
    old.terminate();
    return undefined;
  }

  /** With the names that no socket holds and whose program lives. */
  function familyWith(principal: PrincipalId, connected: readonly string[]): Family {
    const living = hostsInFamily(host.view, principal)
      .filter(({ id, host: program }) => !connected.includes(id) && !byPrincipal.has(id) && isLiving(program))
      .map(({ id }) => id);
    return { connected, ...(living.length === 0 ? {} : { living }) };
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

  return {
    everyone,
    connectionOf,
    audienceOf(audience, sender) {
      switch (audience.kind) {
        case "everyone":
          return everyone;
        case "others":
          return [...everyone].filter((connection) => connection.bound?.principal !== sender);
        case "except":
          return [...everyone].filter((connection) => connection.bound?.principal !== audience.principal);
        case "only":
          return audience.principals.flatMap((principal) => connectionOf(principal) ?? []);
        case "parties": {
          const judges = arbitersOf(host.view).filter((principal) => principal !== sender);
          return [...new Set([...audience.principals, ...judges])].flatMap((principal) => connectionOf(principal) ?? []);
        }
      }
    },
    tellSeats: (outbound, sender) => seats.hear(outbound, sender, coordinator, () => arbitersOf(host.view)),
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
      return familyWith(principal, [...held, ...seats.inFamilyOf(principal, seat)]);
    },
    async expect(newcomer, named, secret) {
      const { principal, instance } = named;
      const predecessor = await predecessorOf(newcomer, named, secret);
      newcomer.joining = { principal, instance };
      joining.add(newcomer);
      return () => {
        const held = connectedFamily({ everyone, joining }, newcomer, principal, predecessor);
        return familyWith(principal, [...held, ...seats.inFamilyOf(principal)]);
      };
    },
    settled(newcomer, principal) {
      joining.delete(newcomer);
      newcomer.joining = undefined;
      // It may have gone meanwhile, or have been refused what another had left for it.
      if (newcomer.bound?.principal !== principal) absences.note(principal);
    },
    bind(connection, bound) {
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
    },
    unbind,
    leave,
    miss(principals) {
      for (const principal of new Set(principals)) absences.note(principal);
    },
  };
}
