import type { Place } from "../../steering/place.ts";
import type { LocationHint } from "./settings.ts";

/** About where Cloudflare puts the objects of a hint: a large exchange in its middle. */
export const PLACE_OF_HINT: Readonly<Record<LocationHint, Place>> = {
  wnam: { latitude: 37.4, longitude: -122.1 },
  enam: { latitude: 39.0, longitude: -77.5 },
  sam: { latitude: -23.5, longitude: -46.6 },
  weur: { latitude: 50.1, longitude: 8.7 },
  eeur: { latitude: 52.2, longitude: 21.0 },
  apac: { latitude: 1.3, longitude: 103.8 },
  oc: { latitude: -33.9, longitude: 151.2 },
  afr: { latitude: -26.2, longitude: 28.0 },
  me: { latitude: 25.2, longitude: 55.3 },
};

/** Where a request comes from, as Cloudflare knows it by the client's address; undefined elsewhere. */
export function placeOf(request: Request): Place | undefined {
  const latitude = Number(request.cf?.["latitude"] ?? Number.NaN);
  const longitude = Number(request.cf?.["longitude"] ?? Number.NaN);
  return Number.isFinite(latitude) && Number.isFinite(longitude) ? { latitude, longitude } : undefined;
}
