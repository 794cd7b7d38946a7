/**
 * `signalbox board`: what stands on the blackboard, and a person's part in it: to answer, and to say that a flagged message
 * has been seen to, which no agent can.
 */
import { Command, InvalidArgumentError } from "commander";
import { called } from "../tools/quote.ts";
import { acknowledgeMessage, postMessage, readMessages } from "../wire/bus/requests.ts";
import { MessagesView, MessageView } from "../wire/bus/views.ts";
import { busOf } from "./board-bus.ts";
import { boardLines } from "./board-lines.ts";
import { CommandFault } from "./fault.ts";
import { personName } from "./person.ts";
import { WORKSPACE_OPTION } from "./place.ts";
import { paintFor } from "./terminal.ts";

/** Messages that are shown when nobody says how many, and at most. */
const DEFAULT_LIMIT = 20;
const MOST = 500;

interface Flags {
  readonly workspace?: string;
  readonly json?: boolean;
}

interface ReadFlags extends Flags {
  readonly topic?: string;
  readonly search?: string;
  readonly before?: string;
  readonly limit: number;
}

interface SayFlags extends Flags {
  readonly as?: string;
  readonly flag?: boolean;
}

const AS = ["--as <name>", "the name to say it under; person:<git user> by default"] as const;

export function boardCommand(): Command {
  return new Command("board")
    .option(...WORKSPACE_OPTION)
    .option("--topic <topic>", "only messages of this topic")
    .option("--search <text>", "only messages with this text")
    .option("--before <id>", "only messages older than this one")
    .option("--limit <count>", `how many, at most ${MOST}`, countOf, DEFAULT_LIMIT)
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExit code 0; 10 when no sidecar answers; 3 where no workspace is; 1 when the bus says no.")
    .action(read)
    .addCommand(
      new Command("ack")
        .description("Say that a flagged message has been seen to.")
        .argument("<id>", "as `signalbox board` names it")
        .option(...WORKSPACE_OPTION)
        .option(...AS)
        .option("--json", "one JSON document")
        .action(acknowledge),
    )
    .addCommand(
      new Command("post")
        .description("Write a message; agents read it when they look.")
        .argument("<topic>", "what it is about")
        .argument("<text>", "the message")
        .option(...WORKSPACE_OPTION)
        .option(...AS)
        .option("--flag", "a person has to do something about it")
        .option("--json", "one JSON document")
        .action(post),
    );
}

async function read({ workspace, topic, search, before, limit, json }: ReadFlags): Promise<void> {
  const answer = await (await busOf(workspace)).ask(readMessages({ topic, limit, before, q: search }));
  const lines = () => boardLines(MessagesView.parse(answer), Date.now(), paintFor(process.stdout, process.env));
  print(json === true ? JSON.stringify(answer) : lines().join("\n"));
}

/** What both commands take is read by the outer one, wherever it stands. */
const flagsOf = (command: Command): SayFlags => command.optsWithGlobals<SayFlags>();

async function acknowledge(id: string, _own: SayFlags, command: Command): Promise<void> {
  const { workspace, as, json } = flagsOf(command);
  const bus = await busOf(workspace);
  if (!bus.isOurs) {
    throw new CommandFault("bus/refused", "a flag is acknowledged on the machine of its sidecar, or in the panel of a session elsewhere");
  }
  const by = personName(as, await bus.user());
  const answer = await bus.ask(acknowledgeMessage(id, by));
  const { acknowledged } = MessageView.parse(answer);
  print(json === true ? JSON.stringify(answer) : `Acknowledged: message ${called(id)}, by ${called(acknowledged?.by ?? by)}.`);
}

async function post(topic: string, text: string, _own: SayFlags, command: Command): Promise<void> {
  const { workspace, as, flag, json } = flagsOf(command);
  const bus = await busOf(workspace);
  const sender = personName(as, await bus.user());
  const answer = await bus.ask(postMessage({ topic, sender, body: text, action_flag: flag === true }));
  const { id } = MessageView.parse(answer);
  print(
    json === true
      ? JSON.stringify(answer)
      : `Posted${id === undefined ? "" : ` as ${called(String(id))}`} in ${called(topic)}, by ${called(sender)}.`,
  );
}

function countOf(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > MOST) throw new InvalidArgumentError(`Write a number from 1 to ${MOST}.`);
  return count;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
