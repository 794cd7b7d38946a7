/**
 * The TypeScript reference coordinator of a checkout (first argument) behind a bare `ws` server: what a participant sends is
 * given to it, relayed to everybody as the original's server does, and what it answers is sent to everybody too.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { WebSocketServer } from "ws";
import { withUuid } from "../../smoke/support/reference-modules.ts";

withUuid();

interface Coordinator {
  processMessage(envelope: object): { readonly message_type: string; readonly payload?: unknown }[];
}

const [checkout = ""] = process.argv.slice(2);
const { SessionCoordinator } = (await import(pathToFileURL(join(checkout, "ref-impl/typescript/dist/index.js")).href)) as {
  SessionCoordinator: new (session: string) => Coordinator;
};
const coordinator = new SessionCoordinator("bench");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });

server.on("connection", (socket) => {
  socket.on("message", (bytes: Buffer) => {
    const text = bytes.toString();
    const envelope = JSON.parse(text) as { readonly message_type: string };
    const answers = coordinator.processMessage(envelope);
    if (envelope.message_type === "HELLO") {
      for (const answer of answers) socket.send(JSON.stringify(answer));
      return;
    }
    for (const client of server.clients) {
      client.send(text);
      for (const answer of answers) client.send(JSON.stringify(answer));
    }
  });
});
await once(server, "listening");
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
