/**
 * Whose the standard streams are: stdout is for MCP messages, whatever else a library prints goes to stderr.
 */
import { Console } from "node:console";
import { Writable } from "node:stream";

/** The only way to the real stdout from now on. */
export function reserveStdout(): Writable {
  const write = process.stdout.write.bind(process.stdout);
  const reserved = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      write(chunk, (error) => done(error));
    },
  });
  reserved.setMaxListeners(0); // as many as answers that the host has not taken yet
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  globalThis.console = new Console(process.stderr, process.stderr);
  return reserved;
}

/** One line for the host's log. */
export function report(line: string): void {
  process.stderr.write(`signalbox: ${line.replaceAll(/\s+/g, " ").trim()}\n`);
}
