import { NAVIGATION, type PlaceGroup } from "../navigation";
import { useMayAny } from "../session/may";

/** The places that the role of whoever is signed in can use. */
export function usePlaces(): readonly PlaceGroup[] {
  const may = useMayAny();
  return NAVIGATION.map((group) => ({ ...group, places: group.places.filter(({ needs }) => may(needs)) })).filter(
    ({ places }) => places.length > 0,
  );
}
