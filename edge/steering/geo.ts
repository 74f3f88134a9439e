import * as v from "valibot";
import { parseNetwork } from "./address.ts";
import { countryPlace } from "./countries.ts";
import { Networks } from "./networks.ts";
import type { Place } from "./place.ts";

const degrees = (most: number, towards: string) => {
  const wanted = `degrees ${towards}, -${most} to ${most}`;
  return v.pipe(v.number(wanted), v.minValue(-most, wanted), v.maxValue(most, wanted));
};

/** A place as configurations have it. */
export const placeSetting = v.strictObject(
  { latitude: degrees(90, "north"), longitude: degrees(180, "east") },
  `{"latitude": …, "longitude": …}`,
);

const networkText = (() => {
  const wanted = `a network like "192.0.2.0/24" or "2001:db8::/32", without bits beyond its length`;
  return v.pipe(
    v.string(wanted),
    v.check((text) => parseNetwork(text) !== undefined, wanted),
  );
})();
const countryText = (() => {
  const wanted = "a country's ISO 3166-1 code of two letters";
  return v.pipe(
    v.string(wanted),
    v.check((code) => countryPlace(code) !== undefined, wanted),
  );
})();

/** What an operator brings to tell where addresses are. */
export const geoSettings = v.strictObject({
  /** Path of a database in MaxMind's format (MMDB), with places or countries. */
  mmdb: v.optional(v.pipe(v.string("a path"), v.minLength(1, "a path"))),
  /** Networks that the operator knows better. */
  networks: v.optional(
    v.array(
      v.union(
        [
          v.strictObject({ network: networkText, place: placeSetting }),
          v.strictObject({ network: networkText, country: countryText }),
        ],
        `{"network": "192.0.2.0/24", "place": {…}} or {"network": …, "country": "DE"}`,
      ),
    ),
    [],
  ),
});
export type GeoSettings = v.InferOutput<typeof geoSettings>;

export const NO_GEO: GeoSettings = { networks: [] };

/** The configured networks as they were written, with their places. */
export function networkPlaces({ networks }: GeoSettings): { network: string; place: Place }[] {
  return networks.flatMap((entry) => {
    const place = "place" in entry ? entry.place : countryPlace(entry.country);
    return place ? [{ network: entry.network, place }] : [];
  });
}

/** The same, to be looked up. */
export function placesByNetwork(settings: GeoSettings): Networks<Place> {
  return new Networks(
    networkPlaces(settings).flatMap(({ network, place }) => {
      const parsed = parseNetwork(network);
      return parsed ? [[parsed, place] as const] : [];
    }),
  );
}
