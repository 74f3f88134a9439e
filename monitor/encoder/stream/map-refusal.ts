import { FIRST_ASSIGNED_PID, isAssigned, NULL_PID } from "../signal/packet.ts";
import type { ProgrammeMap } from "./pmt.ts";

/** What a PID should have been, that a PAT or a map names. */
export const WANTED_PID = `wanted a free one from ${FIRST_ASSIGNED_PID} to ${NULL_PID - 1}: the stream passes without cues`;

/** Why cues cannot go on `ownPids` into the programme of this map; undefined where they can. `mapPids`: of all maps. */
export function mapRefusal(
  map: ProgrammeMap,
  ownPids: readonly number[],
  mapPids: readonly number[],
): string | undefined {
  const misplaced = map.streams.find(({ pid }) => !isAssigned(pid) || mapPids.includes(pid));
  if (misplaced) return `the programme's map has a stream on PID ${misplaced.pid}, ${WANTED_PID}`;
  const taken = ownPids.find((pid) => mapPids.includes(pid) || map.streams.some((stream) => stream.pid === pid));
  return taken === undefined ? undefined : `PID ${taken} is in use in the stream: choose others for cues`;
}
