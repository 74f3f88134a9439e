import type { Place } from "../../steering/place.ts";

/** Where regions are that are named as airports name their cities: degrees north and east. */
const CITIES: Readonly<Record<string, readonly [number, number]>> = {
  ams: [52.37, 4.9],
  ber: [52.52, 13.4],
  bom: [19.08, 72.88],
  cpt: [-33.92, 18.42],
  dfw: [32.78, -96.8],
  dub: [53.35, -6.26],
  dxb: [25.2, 55.27],
  fra: [50.11, 8.68],
  gru: [-23.55, -46.63],
  hkg: [22.32, 114.17],
  iad: [38.95, -77.45],
  jnb: [-26.2, 28.05],
  lax: [34.05, -118.24],
  lon: [51.51, -0.13],
  mad: [40.42, -3.7],
  mel: [-37.81, 144.96],
  mex: [19.43, -99.13],
  mia: [25.76, -80.19],
  mil: [45.46, 9.19],
  nyc: [40.71, -74.01],
  ord: [41.88, -87.63],
  par: [48.86, 2.35],
  scl: [-33.45, -70.67],
  sea: [47.61, -122.33],
  sel: [37.57, 126.98],
  sfo: [37.77, -122.42],
  sin: [1.35, 103.82],
  sto: [59.33, 18.07],
  syd: [-33.87, 151.21],
  tyo: [35.68, 139.69],
  vie: [48.21, 16.37],
  waw: [52.23, 21.01],
  yyz: [43.65, -79.38],
  zrh: [47.38, 8.54],
};

/** Where a region is, if its name tells. */
export function placeOfRegion(region: string): Place | undefined {
  const [latitude, longitude] = (Object.hasOwn(CITIES, region) ? CITIES[region] : undefined) ?? [];
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
}
