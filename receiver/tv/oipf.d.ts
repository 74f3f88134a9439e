// What HbbTV sets have (ETSI TS 102 796, annex A; OIPF volume 5), as far as this page uses it.

interface OipfObjectFactory {
  createApplicationManagerObject(): OipfApplicationManager;
  createVideoBroadcastObject(): OipfVideoBroadcast;
}

interface OipfApplicationManager extends HTMLElement {
  getOwnerApplication(document: Document): OipfApplication | null;
}

interface OipfApplication {
  show(): boolean;
  hide(): boolean;
  readonly privateData: { readonly keyset: { setValue(value: number): number } };
}

interface OipfVideoBroadcast extends HTMLElement {
  bindToCurrentChannel(): unknown;
  addStreamEventListener(targetUrl: string, eventName: string, listener: (event: OipfStreamEvent) => void): void;
}

interface OipfStreamEvent {
  readonly status: "trigger" | "error";
  readonly text: string;
}

interface Window {
  readonly oipfObjectFactory?: OipfObjectFactory;
  readonly VK_RED?: number;
  readonly VK_GREEN?: number;
  readonly VK_YELLOW?: number;
  readonly VK_BLUE?: number;
  readonly VK_BACK?: number;
  readonly VK_ENTER?: number;
  readonly VK_LEFT?: number;
  readonly VK_UP?: number;
  readonly VK_RIGHT?: number;
  readonly VK_DOWN?: number;
  readonly VK_0?: number;
}
