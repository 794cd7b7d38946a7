/** The files of the caller's worktree, as far as tools read and change them. */

export type PathsAnswer = { readonly ok: true; readonly paths: readonly string[] } | { readonly ok: false; readonly why: string };

export type FileAnswer =
  | {
      readonly ok: true;
      /** The file that the bytes lie in, every symbolic link followed. */
      readonly path: string;
      /** The name that was asked for in its real folder: a link itself, where it is one. Deleting takes this away. */
      readonly entry: string;
    }
  | { readonly ok: false; readonly why: string };

export type FileState =
  | {
      readonly status: "ok";
      readonly path: string;
      readonly state_ref: string;
      readonly size: number;
      /** Absent when it was not asked for, is not UTF-8, or is over the limit. */
      readonly content?: string;
      readonly binary?: boolean;
      readonly truncated?: boolean;
    }
  | { readonly status: "missing"; readonly path: string; readonly state_ref: string; readonly size: 0 };

/** A replacement whose content is on disk beside its target, not yet in its place. */
export interface PreparedReplacement {
  readonly stateRefAfter: string;
  /**
   * Puts it in place when the target still has `expectedRef`; otherwise the target is untouched.
   * @throws WriteFailed when the system refuses; the target is untouched then, and its `message` is a sentence for the reader
   */
  apply(expectedRef: string): Promise<Placed>;
  /** Takes it back before `apply`: nothing of it is left. */
  abandon(): Promise<void>;
  /** After an `apply` that did not apply: the coordinator knows that the operation is withdrawn. */
  withdrawn(): Promise<void>;
}

export type Placed =
  | { readonly outcome: "applied" }
  /** `currentRef` is null when no readable file stands there; the content stays at `keptAt` (a deletion has none). */
  | { readonly outcome: "changed"; readonly currentRef: string | null; readonly keptAt?: string }
  /** Somebody removed or altered the waiting content; the target is as expected. */
  | { readonly outcome: "lost"; readonly currentRef: string };

/** The caller's worktree. */
export interface Files {
  /** On no disk: the virtual tree of a session without a repository. */
  readonly isVirtual?: true;
  /** Whether a path of this machine names its folder or lies in it; missing where it lies in none that others may name. */
  isWithin?(path: string): Promise<boolean>;
  /**
   * What a path of a scope stands for: repository-relative, `/` separated, globs allowed. A symbolic link stands for itself
   * and for the file that is changed through it.
   */
  scopePaths(text: string): Promise<PathsAnswer>;
  /** One file that may be read or written: inside the worktree also through symbolic links, and never in `.git`. */
  filePath(text: string): Promise<FileAnswer>;
  /** Runs `work` when no other call is about the same file any more: two submits of one file at once would share their preparations. */
  alone<Result>(path: string, work: () => Promise<Result>): Promise<Result>;
  state(path: string, options: { content: boolean }): Promise<FileState | { readonly status: "refused"; readonly why: string }>;
  /**
   * Writes `content` (null deletes) beside the target, flushed and remembered for a crash. A second time for the same
   * operation replaces what the first one wrote.
   * @throws WriteFailed when the system refuses; nothing is left of it then
   */
  prepare(request: Replacement): Promise<PreparedReplacement | { readonly refused: string }>;
  /** Paths that begin so, down to the next `/`, those of folders ending in it: for somebody who types. */
  list?(begun: string): Promise<readonly string[]>;
  /** Whether a change of this operation was prepared here and was neither put in place nor taken back. */
  isWaiting(opId: string): boolean;
}

export interface Replacement {
  readonly path: string;
  readonly content: string | null;
  readonly opId: string;
  readonly intentId: string;
  readonly stateRefBefore: string;
}
