import { askAt } from "./request.ts";
import { attempt } from "./storage.ts";

/** How often a picture that is not there yet is looked for, ms. */
var LOOK_AGAIN_MS = 5000;
/** An ID3 frame of the user's own, and its description, that hold a cue. */
var ID3_FRAME = "TXXX";
var ID3_DESCRIPTION = "redbutton.cue";
/** The attribute of EXT-X-DATERANGE. */
var DATERANGE = "X-REDBUTTON-CUE";

/** What hls.js, and Safari for its own player, put into a cue of a metadata track. */
interface MetadataCue extends TextTrackCue {
  readonly value?: { readonly key?: string; readonly info?: string; readonly data?: unknown };
}

/** The little of hls.js that is used here. */
interface HlsPlayer {
  readonly loadSource: (url: string) => void;
  readonly attachMedia: (video: HTMLVideoElement) => void;
  on(event: string, listener: (event: string, data: { readonly fatal?: boolean }) => void): void;
  readonly destroy: () => void;
}
interface HlsClass {
  new (options: object): HlsPlayer;
  readonly isSupported: () => boolean;
}

export interface Player {
  /** Plays from another place: the edge that had the picture is gone. */
  readonly move: () => void;
}

export interface PlayerOptions {
  /** Address of the playlist, asked for anew each time. */
  readonly source: () => string;
  /** Address of hls.js, which is loaded only where a browser needs it. */
  readonly library: string;
  readonly label: string;
  readonly oncue: (text: string) => void;
}

/** Plays the show's HLS behind the page, and hands over the cues in it. For browsers: a television has its tuner. */
export function play(options: PlayerOptions): Player {
  var video = document.createElement("video");
  var hls: HlsPlayer | undefined;
  video.muted = true;
  video.autoplay = true;
  video.setAttribute("playsinline", "");
  video.setAttribute("aria-label", options.label);
  document.getElementById("picture")!.appendChild(video);
  listenForCues(video, options.oncue);

  /** Most networks have no picture of their own: nothing is loaded for one before it is there. */
  function look(): void {
    var path = options.source();
    askAt(path, { method: "GET", path: "" }, (answer) => {
      if (answer.status === 200) begin(path);
      else setTimeout(look, LOOK_AGAIN_MS);
    });
  }

  function begin(source: string): void {
    if (video.canPlayType("application/vnd.apple.mpegurl") && typeof MediaSource === "undefined") return native(source);
    withLibrary(options.library, again, (Hls) => {
      if (!Hls.isSupported()) return native(source);
      // Without a worker, which the page's policy would have to allow as a blob.
      hls = new Hls({ enableWorker: false, liveSyncDurationCount: 2 });
      hls.on("hlsError", (_event, data) => {
        if (data.fatal) again();
      });
      hls.loadSource(source);
      hls.attachMedia(video);
      start();
    });
  }

  function native(source: string): void {
    video.src = source;
    video.onerror = again;
    start();
  }

  function start(): void {
    // A browser may want a key first; the page is used without a picture until then.
    attempt(() => void video.play().then(undefined, () => {}));
  }

  function again(): void {
    if (hls) hls.destroy();
    hls = undefined;
    setTimeout(look, 1000);
  }

  look();
  return { move: () => hls && again() };
}

/** Cues stand in metadata tracks, of hls.js and of Safari alike, and come when the picture has come so far. */
function listenForCues(video: HTMLVideoElement, oncue: (text: string) => void): void {
  video.textTracks.addEventListener("addtrack", (event) => {
    var track = event.track;
    if (!track || track.kind !== "metadata") return;
    track.mode = "hidden";
    track.addEventListener("cuechange", () => {
      for (var i = 0; track!.activeCues && i < track!.activeCues.length; i++) {
        var text = cueText(track!.activeCues[i] as MetadataCue);
        if (text) oncue(text);
      }
    });
  });
}

function cueText(cue: MetadataCue): string | undefined {
  var value = cue.value;
  if (!value || typeof value.data !== "string") return undefined;
  var data = value.data;
  if (value.key === ID3_FRAME && value.info === ID3_DESCRIPTION) return data;
  return value.key === DATERANGE ? attempt(() => decodeURIComponent(data)) : undefined;
}

function withLibrary(address: string, failed: () => void, done: (hls: HlsClass) => void): void {
  var loaded = () => (window as unknown as { readonly Hls?: HlsClass }).Hls;
  var known = loaded();
  if (known) return done(known);
  var script = document.createElement("script");
  script.src = address;
  script.onload = () => done(loaded()!);
  script.onerror = failed;
  document.head.appendChild(script);
}
