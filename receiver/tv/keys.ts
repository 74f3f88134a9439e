import type { Key } from "./remote.ts";

interface Codes {
  readonly [code: number]: Key;
}

/** A browser's keyboard: letters stand for the colours. */
var KEYBOARD: Codes = {
  13: { is: "ok" },
  32: { is: "ok" },
  27: { is: "back" },
  8: { is: "back" },
  37: { is: "left" },
  38: { is: "up" },
  39: { is: "right" },
  40: { is: "down" },
  82: { is: "red" },
  71: { is: "option", index: 0 },
  89: { is: "option", index: 1 },
  66: { is: "option", index: 2 },
};

/** Digits of the keyboard's two rows. */
var FIRST_DIGITS = [48, 96];

/**
 * The meaning of a key, by the set's own constants where it has them: HbbTV names keys and leaves their codes to the
 * set (OIPF volume 5, annex F).
 */
export function keyOf(code: number): Key | undefined {
  var remote: [code: number | undefined, usual: number, key: Key][] = [
    [window.VK_RED, 403, { is: "red" }],
    [window.VK_GREEN, 404, { is: "option", index: 0 }],
    [window.VK_YELLOW, 405, { is: "option", index: 1 }],
    [window.VK_BLUE, 406, { is: "option", index: 2 }],
    [window.VK_BACK, 461, { is: "back" }],
    [window.VK_ENTER, 13, { is: "ok" }],
    [window.VK_LEFT, 37, { is: "left" }],
    [window.VK_UP, 38, { is: "up" }],
    [window.VK_RIGHT, 39, { is: "right" }],
    [window.VK_DOWN, 40, { is: "down" }],
  ];
  for (var i = 0; i < remote.length; i++) if (code === (remote[i]![0] || remote[i]![1])) return remote[i]![2];
  return digitOf(code) || KEYBOARD[code];
}

function digitOf(code: number): Key | undefined {
  var rows = [window.VK_0].concat(FIRST_DIGITS);
  for (var i = 0; i < rows.length; i++) {
    var digit = rows[i] === undefined ? -1 : code - rows[i]!;
    if (digit >= 0 && digit <= 9) return { is: "digit", digit };
  }
  return undefined;
}
