/**
 * The composition root of a broker: the peers' mail of one session and nothing else, on any path, put on what every sidecar is
 * made of (`service.ts`).
 */
import { serveMail } from "./mail.ts";
import type { BrokerConfig } from "../config/broker.ts";
import { createDoor } from "../edge/http/door.ts";
import type { MpacEdge } from "../edge/mpac/mpac-edge.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import type { Log } from "../log.ts";
import { type Sidecar, startService } from "./service.ts";
import { SessionId } from "../wire/ids.ts";

/** There is one in each file, so it needs no name of its own. */
const SESSION = SessionId.parse("peers");

/** Nobody joins a session here. */
const NO_MPAC: MpacEdge = {
  serve: (socket) => socket.close(),
  connections: 0,
  dismiss: () => 0,
  hold: () => Promise.resolve(),
  close: () => undefined,
  [Symbol.dispose]: () => undefined,
};

/** @throws OwnedElsewhere, what `openSqliteStore` throws, PortTaken */
export function startBroker(config: BrokerConfig, folder: StoreFolder, log: Log): Promise<Sidecar> {
  return startService({
    config,
    folder,
    log,
    workspace: "",
    sessionId: SESSION,
    path: "",
    // A token is wanted of everybody, and what name and page they come by is their operator's affair.
    anyHost: true,
    sameOrigin: true,
    async serve(common) {
      const door = createDoor({ own: common.token });
      const mail = serveMail(common, { config, log, door, sessionAt: () => SESSION, resident: SESSION });
      // Who says that it serves has read its log: a broken one is told to its operator, and a long one makes no peer wait.
      await mail.open();
      return { ...mail, mpac: NO_MPAC, sessionAt: () => ({ notFound: "this is a broker of peers; it serves no session" }) };
    },
  });
}
