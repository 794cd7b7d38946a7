/** What a session is told that no participant says: what is seen of them, and of the coordinator itself. */

/** The last connection of a participant is gone, and it has not said that it leaves. */
export interface ConnectionLost {
  readonly type: "ConnectionLost";
  readonly principal: string;
}

/** The coordinator's process stops, and hands its office to nobody. */
export interface CoordinatorStopped {
  readonly type: "CoordinatorStopped";
}
