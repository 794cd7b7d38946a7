/**
 * An adapter from its start to its end: one peer on the bus, one MCP server on the standard streams.
 *
 * It ends with its input. Where nobody reads its output any more, or it is asked to end, that is its end too.
 */
import type { Readable, Writable } from "node:stream";
import { createPeerClient, type PeerClient } from "../client/peer/peer-client.ts";
import { CHANNEL_CAPABILITY, connectedAs, pushed } from "./channel.ts";
import { mintName } from "./names.ts";
import { type Face, lineWriter, serve, type WriteLine } from "./server.ts";
import type { AdapterSettings } from "./settings.ts";
import { drain, DRAIN, drainNothing, TOOLS } from "./tools.ts";

/** How many made-up names are tried after the first. */
const MOST_ROTATIONS = 6;

export interface AdapterStreams {
  readonly input: Readable;
  readonly output: Writable;
  /** A line for whoever looks after the machine. */
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

/** @returns the exit code */
export async function runAdapter(settings: AdapterSettings, { input, output, report, signal }: AdapterStreams): Promise<number> {
  let code = 0;
  const end = (): void => void input.destroy();
  signal.addEventListener("abort", end, { once: true });
  output.once("error", end);

  const write = lineWriter(output);
  const channel = pushing(write);
  const isPushed = settings.mode === "cc";
  let rotations = 0;
  await using client = createPeerClient({
    broker: () => Promise.resolve({ url: settings.url, token: settings.token }),
    secret: settings.secret,
    name: settings.name ?? mintName(),
    nextName() {
      rotations += 1;
      return isPushed && settings.name === undefined && rotations <= MOST_ROTATIONS ? mintName() : undefined;
    },
    onMessage: () => isPushed && channel.push(client),
    onRegistered: (name) => isPushed && channel.announce(name),
    onBarred(name) {
      if (!isPushed) return; // the tools say why
      report(`mode "cc" exited: the name ${JSON.stringify(name)} is claimed under a different token`);
      code = 1;
      end();
    },
    report,
  });

  const face: Face = isPushed
    ? {
        serverName: "peerbus-cc-adapter",
        capabilities: { tools: {}, experimental: { [CHANNEL_CAPABILITY]: {} } },
        tools: TOOLS,
        drain: drainNothing,
        onInitialized: () => channel.start(client),
      }
    : {
        serverName: "peerbus-generic-adapter",
        capabilities: { tools: {} },
        tools: [...TOOLS, DRAIN],
        drain,
        onInitialized: () => undefined,
      };
  await serve(input, write, client, face).catch((fault: unknown) => {
    if (!input.destroyed) throw fault;
  });
  return code;
}

interface Pushing {
  /** The client listens from now on. What is pushed before that is lost, so nothing is. */
  start(bus: PeerClient): void;
  announce(name: string): void;
  /** Pushes what has come, each message acknowledged when it was written. */
  push(bus: PeerClient): void;
}

function pushing(write: WriteLine): Pushing {
  let started = false;
  let registeredAs: string | undefined;
  let busy = false;
  const writeGone = (): undefined => undefined; // the output's end is seen by its error

  async function pushAll(bus: PeerClient): Promise<void> {
    if (!started || busy) return;
    busy = true;
    for (let [next] = bus.take(1); next !== undefined; [next] = bus.take(1)) {
      await write(pushed(next));
      bus.shown([next]);
    }
    busy = false;
  }

  return {
    start(bus) {
      if (started) return;
      started = true;
      if (registeredAs !== undefined) void write(connectedAs(registeredAs)).catch(writeGone);
      void pushAll(bus).catch(writeGone);
    },
    announce(name) {
      registeredAs = name;
      if (started) void write(connectedAs(name)).catch(writeGone);
    },
    push: (bus) => void pushAll(bus).catch(writeGone),
  };
}
