/** A bus whose test says what it tells: it hands out the requests for its events, one by one. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Opened {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly answer: ServerResponse;
}

export async function scriptedBus() {
  const opened: Opened[] = [];
  let arrived: () => void = () => undefined;
  const server = createServer(({ url, headers }, answer) => {
    opened.push({ path: url, authorization: headers.authorization, answer });
    arrived();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}/api/bus`,
    async opened(): Promise<Opened> {
      for (;;) {
        const one = opened.shift();
        if (one !== undefined) return one;
        await new Promise<void>((resolve) => (arrived = resolve));
      }
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const STREAM = { "content-type": "text/event-stream" };
export const event = (name: string, data: object) => `id: 1\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
