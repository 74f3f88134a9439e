import { readFileSync } from "node:fs";
import { formatAddress } from "../../steering/address.ts";
import { countryPlace } from "../../steering/countries.ts";
import { placesByNetwork, type GeoSettings } from "../../steering/geo.ts";
import { locatorOf, type Located, type Locator } from "../../steering/locator.ts";
import { RecentMap } from "../../recent.ts";

/** Decoded entries of a database that are kept: neighbouring networks share them. */
const CACHED_ENTRIES = 20_000;

/** What tells where an address is. Throws where the database cannot be read. */
export async function openLocator(settings: GeoSettings): Promise<Locator> {
  const database = settings.mmdb === undefined ? undefined : await openDatabase(settings.mmdb);
  return locatorOf(placesByNetwork(settings), database);
}

/** The whole file is in memory; a new one is read by opening it again. */
async function openDatabase(path: string): Promise<Locator> {
  const { Reader } = await import("mmdb-lib").catch(() => {
    throw new Error(`reading "${path}": the package "mmdb-lib" is not installed`);
  });
  const cache = new RecentMap<unknown>(CACHED_ENTRIES);
  const cached = {
    get: (key: string | number) => cache.get(String(key)),
    set: (key: string | number, value: unknown) => cache.set(String(key), value),
  };
  try {
    const reader = new Reader(readFileSync(path), { cache: cached });
    return (address) => {
      const [entry, bits] = reader.getWithPrefixLength(formatAddress(address));
      return locatedOf(entry, bits);
    };
  } catch (error) {
    throw new Error(`reading "${path}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Of a city database its place, of a country database the middle of the country. */
function locatedOf(entry: unknown, bits: number): Located {
  const latitude = member(member(entry, "location"), "latitude");
  const longitude = member(member(entry, "location"), "longitude");
  if (typeof latitude === "number" && typeof longitude === "number")
    return { place: { latitude, longitude }, bits, source: "the database" };
  const code = member(member(entry, "country"), "iso_code");
  const place = typeof code === "string" ? countryPlace(code) : undefined;
  return place ? { place, bits, source: "the database's country" } : { bits, source: "not in the database" };
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
