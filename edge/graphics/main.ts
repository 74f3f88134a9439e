/*
 * A poll's counts as a graphic over the picture: transparent, for a vision mixer, CasparCG or OBS.
 *
 *     /graphics/POLL?show=SHOW#token=TOKEN        token: a reader's. `&edge=URL` in the query for further edges
 */
import "./graphics.css";
import { ShowRooms } from "../client/rooms.ts";
import { Motion } from "./motion.ts";
import { GraphicView } from "./painter.ts";
import { pollOnAir } from "./poll-on-air.ts";

const query = new URLSearchParams(location.search);
const show = query.get("show") ?? "talent-final";
const poll = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

const rooms = new ShowRooms({ show, token, addresses: [location.origin, ...query.getAll("edge")] });
const view = new GraphicView();
const motion = new Motion(!matchMedia("(prefers-reduced-motion: reduce)").matches);
let isStale = true;
let shownSecond = 0;

rooms.board.doc.on("update", () => (isStale = true));
rooms.tallies.doc.on("update", () => (isStale = true));
rooms.onstatus = () => view.drawFault(rooms.isConnected ? "" : "No connection to an edge");
if (token === "") view.drawFault("This address needs a reader's token: …#token=…");

/** One look a frame, however many updates came since the last one. */
function frame(at: number): void {
  requestAnimationFrame(frame);
  const second = Math.floor(Date.now() / 1000);
  if (isStale || second !== shownSecond) {
    const onAir = pollOnAir(rooms.board, rooms.tallies.registers(), poll, Date.now());
    view.draw(onAir);
    motion.aim(onAir?.rows.map(({ count }) => count) ?? []);
  }
  isStale = false;
  shownSecond = second;
  const counts = motion.step(at);
  if (counts) view.drawCounts(counts);
}
requestAnimationFrame(frame);
