import type { Member } from "../../../crdt/member.ts";
import { Process } from "../../../monitor/process.ts";
import { Watcher, type WatcherOptions } from "../../../monitor/threshold/watcher.ts";

/** The very code that ships: the frame with a watcher in it. */
export function beginWatcher(member: Member, options: Omit<WatcherOptions, "member">): void {
  new Process(member, [new Watcher({ member, ...options })]).start();
  member.start();
}
