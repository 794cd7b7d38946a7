/** An agent on a peer bus as a smoke meets it: an adapter's process, spoken to line by line as its host does. */
import type { Members } from "./mpac-client.ts";
import { type Exit, type Program, startNode } from "./processes.ts";
import { launcher } from "./program.ts";
import type { Scratch } from "./scratch.ts";
import { eventually } from "./wait.ts";

export interface SeatOptions {
  readonly url: string;
  readonly token: string;
  readonly secret: string;
  /** Without one the adapter makes one up. */
  readonly name?: string;
}

export interface PeerMessage {
  readonly id: string;
  readonly from: string;
  readonly source: string;
  readonly body: unknown;
  readonly redelivered?: boolean;
}

export interface PeerSeat extends AsyncDisposable {
  readonly program: Program;
  ask(method: string, params?: Members): Promise<Members>;
  /** The structured result. @throws Error with the text of the tool when it is refused */
  call(tool: string, args?: Members): Promise<Members>;
  /** Calls with arguments as JSON text, so that they are spelt as they are given. */
  callRaw(tool: string, args: string): Promise<void>;
  /** Drains until so many messages have come. */
  drain(count: number): Promise<readonly PeerMessage[]>;
  notify(method: string): void;
  /** Everything that was pushed to the host so far: the content of each notification. */
  pushed(): readonly string[];
  /** Closes its stdin and waits for its end. */
  leave(): Promise<Exit>;
}

export function startSeat(scratch: Scratch, mode: "generic" | "cc", { url, token, secret, name }: SeatOptions): PeerSeat {
  const program = startNode([launcher("signalbox"), "adapter", `--adapter=${mode}`], {
    cwd: scratch.folder,
    env: { ...scratch.env, PEERBUS_URL: url, PEERBUS_TOKEN: token, PEERBUS_HMAC_SECRET: secret, PEERBUS_NAME: name ?? "" },
  });
  let ids = 0;

  async function send(method: string, params: string): Promise<Members> {
    const id = (ids += 1);
    program.write(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n`);
    const answer = JSON.parse(await program.stdout.next((line) => (JSON.parse(line) as Members)["id"] === id)) as Members;
    if (answer["error"] !== undefined) throw new Error(`${method} was refused: ${JSON.stringify(answer["error"])}`);
    return answer["result"] as Members;
  }

  async function callWith(tool: string, args: string): Promise<Members> {
    const result = await send("tools/call", `{"name":"${tool}","arguments":${args}}`);
    const [content] = result["content"] as Members[];
    if (result["isError"] === true) throw new Error(String(content?.["text"]));
    return result["structuredContent"] as Members;
  }

  return {
    program,
    ask: (method, params = {}) => send(method, JSON.stringify(params)),
    call: (tool, args = {}) => callWith(tool, JSON.stringify(args)),
    callRaw: async (tool, args) => void (await callWith(tool, args)),
    async drain(count) {
      const messages: PeerMessage[] = [];
      return eventually(`${count} messages for ${name}`, async () => {
        const drained = await callWith("bus.drain", "{}");
        messages.push(...(drained["messages"] as PeerMessage[]));
        return messages.length >= count ? messages : undefined;
      });
    },
    notify: (method) => program.write(`{"jsonrpc":"2.0","method":"${method}"}\n`),
    pushed: () =>
      program.stdout.all
        .map((line) => JSON.parse(line) as { readonly method?: string; readonly params?: { readonly content: string } })
        .filter(({ method }) => method === "notifications/claude/channel")
        .map(({ params }) => params?.content ?? ""),
    leave() {
      program.end();
      return program.exited;
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
