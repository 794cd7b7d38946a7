/** What a command that cannot do its work says: a code for programs, a sentence for people, never a stack trace. */

/** A command cannot go on. The message is the sentence. */
export class CommandFault extends Error {
  override readonly name = "CommandFault";
  readonly code: string;

  constructor(code: string, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export interface Told {
  readonly code: string;
  /** On one line, without a full stop. */
  readonly sentence: string;
}

/** Longest sentence, in characters: as much as `start-error.json` takes. */
const MAX_SENTENCE = 4096;

/** A worktree was removed under a shell, or a client, that stands in it: Node has no more to say than a system call's name. */
const FOLDER_GONE: Told = {
  code: "workspace/no-folder",
  sentence: "the folder that this runs in is gone: change to one that is there, then run the command again",
};

/** How any fault is told. What is thrown here may come from anywhere. */
export function told(fault: unknown): Told {
  if (fault instanceof Error && "syscall" in fault && fault.syscall === "uv_cwd") return FOLDER_GONE;
  const code = fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : "unknown";
  const said = fault instanceof Error ? fault.message || fault.name : String(fault);
  return { code, sentence: said.replaceAll(/\s+/g, " ").trim().slice(0, MAX_SENTENCE) || "no reason was given" };
}
