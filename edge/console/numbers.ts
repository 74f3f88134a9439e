const whole = new Intl.NumberFormat("en");

/** 1234567 → "1,234,567". */
export function grouped(value: number): string {
  return whole.format(Math.round(value));
}

/** 2990 and "EUR" → "€29.90": an amount in the currency's smallest unit. */
export function moneyText(amount: number, currency: string): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

export function percent(part: number, all: number): string {
  return `${all > 0 ? ((part / all) * 100).toFixed(1) : "0.0"} %`;
}

/** 83000 → "1:23". */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** 420 → "0.4 s". */
export function lagText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** The time of day, with seconds. */
export function timeText(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}

/** "How it works" → "how-it-works": an id that an edge takes. */
export function slugOf(text: string): string {
  const slug = text
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return slug === "" ? "item" : slug;
}
