import { attempt } from "./storage.ts";

/** Bits of an application's keyset (OIPF volume 5, 7.2.5.2). */
var KEYS = { red: 0x1, green: 0x2, yellow: 0x4, blue: 0x8, navigation: 0x10, numeric: 0x100 };
/** Closed, the page leaves all keys but the red one to the television. */
var CLOSED = KEYS.red;
var OPEN = KEYS.red | KEYS.green | KEYS.yellow | KEYS.blue | KEYS.navigation | KEYS.numeric;

/** The television around this page, where it is one. */
export interface Broadcast {
  /** Says which keys the page takes. */
  readonly setOpen: (isOpen: boolean) => void;
}

/** Joins the broadcast that this page came with; undefined in a browser. `oncue` gets each do-it-now event's text. */
export function joinBroadcast(events: string, oncue: (text: string) => void): Broadcast | undefined {
  var factory = window.oipfObjectFactory;
  if (!factory) return undefined;
  var application = attempt(() => {
    var manager = factory!.createApplicationManagerObject();
    document.body.appendChild(manager);
    return manager.getOwnerApplication(document);
  });
  attempt(() => showBroadcast(factory!, events, oncue));
  if (application) application.show();
  return {
    setOpen: (isOpen) => {
      attempt(() => application && application.privateData.keyset.setValue(isOpen ? OPEN : CLOSED));
    },
  };
}

function showBroadcast(factory: OipfObjectFactory, events: string, oncue: (text: string) => void): void {
  var video = factory.createVideoBroadcastObject();
  document.getElementById("picture")!.appendChild(video);
  video.bindToCurrentChannel();
  video.addStreamEventListener(events, "cue", (event) => {
    if (event.status === "trigger") oncue(event.text);
  });
}
