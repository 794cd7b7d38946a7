/** Colour, where a person looks: on a terminal, unless NO_COLOR (no-color.org) or TERM=dumb says otherwise. */
import type { WriteStream } from "node:tty";

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export type Style = keyof typeof CODES;
export type Paint = (style: Style, text: string) => string;

/** @param stream - where the text is going */
export function paintFor(stream: Pick<WriteStream, "isTTY">, env: NodeJS.ProcessEnv): Paint {
  const plain = !stream.isTTY || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return plain ? (_style, text) => text : (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`;
}
