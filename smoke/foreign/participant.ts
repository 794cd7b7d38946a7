/**
 * The participant of the TypeScript reference (first argument: its checkout), unmodified, against a coordinator (second): it
 * builds every message that it knows, and each is answered. Prints one JSON object a line.
 */
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";
import { eventually } from "../support/wait.ts";
import { withUuid } from "../support/reference-modules.ts";

interface Envelope {
  readonly message_type: string;
  readonly message_id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

type Maker = (...args: readonly unknown[]) => Envelope;

const [checkout = "", uri = ""] = process.argv.slice(2);
withUuid();
const { Participant } = (await import(pathToFileURL(join(checkout, "ref-impl/typescript/dist/index.js")).href)) as {
  Participant: new (...args: readonly unknown[]) => Readonly<Record<string, Maker>>;
};

interface Client {
  readonly make: Readonly<Record<string, Maker>>;
  /** What is answered to a message of this maker: it comes back, or PROTOCOL_ERROR refers to it. */
  say(name: string, ...args: readonly unknown[]): Promise<Envelope>;
  heard(type: string): Promise<Envelope>;
  close(): void;
}

async function connect(name: string, roles: readonly string[]): Promise<Client> {
  const make = new Participant(name, "agent", name, roles, ["intent.broadcast", "op.commit"]);
  const socket = new WebSocket(uri, { perMessageDeflate: false });
  const frames: Envelope[] = [];
  socket.on("message", (bytes: Buffer) => void frames.push(JSON.parse(bytes.toString()) as Envelope));
  await once(socket, "open");
  const heard = (what: string, fits: (frame: Envelope) => boolean) => eventually(`${what} at ${name}`, () => frames.find(fits));
  return {
    make,
    async say(maker, ...args) {
      const build = make[maker];
      if (build === undefined) throw new Error(`the participant has no ${maker}`);
      const message = build.call(make, ...args);
      socket.send(JSON.stringify(message));
      return heard(
        `an answer to ${message.message_type}`,
        (frame) =>
          frame.message_id === message.message_id ||
          frame.payload["refers_to"] === message.message_id ||
          (message.message_type === "HELLO" && frame.message_type === "SESSION_INFO"),
      );
    },
    heard: (type) => heard(type, (frame) => frame.message_type === type),
    close: () => socket.terminate(),
  };
}

const tell = (step: string, facts: object): void => void process.stdout.write(`${JSON.stringify({ step, ...facts })}\n`);
const types = (...answers: readonly Envelope[]): string[] =>
  answers.map(({ message_type, payload }) => (message_type === "PROTOCOL_ERROR" ? String(payload["error_code"]) : message_type));

const session = "whatever";
const scope = (...resources: string[]) => ({ kind: "file_set", resources });

const ana = await connect("agent:ana-ts", ["contributor"]);
const cy = await connect("agent:cy-ts", ["arbiter"]);
tell("joined", { answers: types(await ana.say("hello", session), await cy.say("hello", session)) });
tell("announced", {
  answers: types(
    await ana.say("announceIntent", session, "intent-ana-ts", "mine", scope("auth.py")),
    await cy.say("announceIntent", session, "intent-cy-ts", "theirs", scope("utils.py")),
    await cy.say("updateIntent", session, "intent-cy-ts", { scope: scope("utils.py", "auth.py") }),
  ),
});
const conflict = String((await ana.heard("CONFLICT_REPORT")).payload["conflict_id"]);
tell("committed", {
  answers: types(await ana.say("commitOp", session, "op-ana-ts", "intent-ana-ts", "auth.py", "replace", null, "sha256:0123456789abcdef")),
});
tell("argued", {
  answers: types(
    await ana.say("ackConflict", session, conflict, "seen"),
    await ana.say("escalateConflict", session, conflict, "agent:cy-ts", "we both need it"),
    await cy.say("resolveConflict", session, conflict, "dismissed", "no harm"),
  ),
});
tell("withdrawn", { answers: types(await ana.say("withdrawIntent", session, "intent-ana-ts", "task_completed")) });
for (const client of [ana, cy]) client.close();
