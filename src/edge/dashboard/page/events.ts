/** Server-sent events, read from a stream of bytes: what `EventSource` does, with a header of our own on the request. */

export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** Each event; comments and what is not finished are none. `onBytes` hears that something came, whatever it was. */
export async function* eventsIn(body: AsyncIterable<Uint8Array>, onBytes: () => void): AsyncGenerator<StreamEvent, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    onBytes();
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = fields(block, "data");
      if (data.length > 0) yield { event: fields(block, "event").at(-1) ?? "message", data: data.join("\n") };
    }
  }
}

function fields(block: string, name: string): string[] {
  return block
    .split("\n")
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
}
