// What tests write into documents, and see in them, that no product code does.
import type * as Y from "yjs";
import type { Board } from "../../crdt/board.ts";
import type { Poll } from "../../crdt/show.ts";

/** A poll that came onto the board after the show, or another definition of it. */
export function setPoll(board: Board, poll: Poll): void {
  board.doc.getMap("board").set(`poll/${poll.id}`, poll);
}

/** Whether all that was applied could be integrated: the guard sees to that. */
export function isSettled(doc: Y.Doc): boolean {
  return doc.store.pendingStructs === null && doc.store.pendingDs === null;
}
