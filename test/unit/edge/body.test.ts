import { expect, test } from "vitest";
import { readBytes, readText } from "../../../edge/routes/body.ts";

/** A request whose client leaves after the first bytes. */
function cutOff(headers: Record<string, string> = {}): Request {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"opt'));
      controller.error(new Error("the connection was reset"));
    },
  });
  return new Request("http://fra.test/", { method: "POST", headers, body, duplex: "half" } as RequestInit);
}

test.for([{}, { "content-length": "20" }])(
  "a client that leaves in the middle of its body is refused: %j",
  async (headers) => {
    const wanted = { refused: "malformed", detail: expect.stringContaining("ended") };
    expect(await readText(cutOff(headers), 4096)).toMatchObject(wanted);
    expect(await readBytes(cutOff(headers), 4096)).toMatchObject(wanted);
  },
);
