/** A question to the person at the terminal, whose answer is no unless it is yes. */
import { createInterface } from "node:readline/promises";

/** No, too, for an end of the input and for Ctrl-C. */
export async function askYesNo(question: string, input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<boolean> {
  const terminal = createInterface({ input, output });
  try {
    const ended = new Promise<string>((resolve) => {
      const leave = () => {
        output.write("\n");
        resolve("");
      };
      terminal.once("close", leave).once("SIGINT", leave);
    });
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), ended]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    terminal.removeAllListeners("close");
    terminal.close();
  }
}
