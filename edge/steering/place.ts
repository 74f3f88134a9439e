/** A point on the globe, in degrees: north and east are positive. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** Mean radius of the Earth (IUGG), km: the sphere is within 0.6 % of the ellipsoid, and steering needs no more. */
const EARTH_RADIUS_KM = 6371.0088;

/** Length of the great circle between two places, km, by the haversine formula. */
export function distanceKm(a: Place, b: Place): number {
  const [north, south] = [radians(a.latitude), radians(b.latitude)];
  const halfNorth = Math.sin((south - north) / 2);
  const halfEast = Math.sin(radians(b.longitude - a.longitude) / 2);
  const chord = halfNorth ** 2 + Math.cos(north) * Math.cos(south) * halfEast ** 2;
  // Rounding can carry antipodes above 1.
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
