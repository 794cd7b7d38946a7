/**
 * The limit of everything that speaks WebSocket: a process that sends every frame back and does nothing else. At `/durable`
 * it commits a row of a record's size first, as the least that an acknowledgement can mean; at `/read` it also reads the message, and
 * what one turn of the event loop brings is one commit.
 *
 * Its one argument is the folder of that commit. Prints its port, and ends with its stdin.
 */
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { openCommitProbe } from "./commit-probe.ts";

const [, , folder = "."] = process.argv;
const probe = openCommitProbe(folder, "durable-echo");
let turn: (() => void)[] = [];

function commitWithTurn(answer: () => void): void {
  if (turn.push(answer) > 1) return;
  setImmediate(() => {
    const answers = turn;
    turn = [];
    probe.commitTogether(answers.length);
    for (const answer of answers) answer();
  });
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket: WebSocket, { url }: IncomingMessage) => {
  const answer = (bytes: Buffer): void => socket.send(bytes, { binary: false });
  socket.on("message", (bytes: Buffer) => {
    if (url === "/read") {
      JSON.parse(bytes.toString());
      return commitWithTurn(() => answer(bytes));
    }
    if (url === "/durable") probe.commit(1);
    answer(bytes);
  });
  socket.on("error", () => undefined);
});
server.on("listening", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.on("end", () => process.exit()).resume();
