import { type BrandBody, type BrandPreview, brandPreview, brandPut, type BrandView } from "@perennial/api-admin";
import { useDebouncedValue } from "@perennial/ui";
import { keepPreviousData, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { sessionOptions } from "../session/session";

const COLOR = /^#[0-9a-f]{6}$/i;
/** So long somebody types no more before the colors are looked at. */
const PAUSE_MS = 300;

export interface Colors {
  /** As they were typed; empty for none. */
  color: string;
  dark: string;
  setColor: (color: string) => void;
  setDark: (dark: string) => void;
  /** Whether what was typed is a color at all. */
  isColor: boolean;
  isDark: boolean;
  /** How the colors of a moment ago read; it is kept while others are asked for. */
  seen: BrandPreview | undefined;
  /** Whether others are chosen than the workspace has, and whether they could be kept. */
  changed: boolean;
  usable: boolean;
  body: BrandBody;
}

/** The colors that somebody is choosing for the workspace, judged by the server as they are typed. */
export function useColors(): Colors {
  const { brand } = useSuspenseQuery(sessionOptions).data;
  const [color, setColor] = useState(brand.color ?? "");
  const [dark, setDark] = useState(brand.dark_color ?? "");
  const body: BrandBody = color === "" ? { color: null } : { color, ...(dark === "" ? {} : { dark_color: dark }) };
  const isColor = color === "" || COLOR.test(color);
  const isDark = dark === "" || COLOR.test(dark);
  const asked = JSON.stringify(body);
  const [settled] = useDebouncedValue(asked, PAUSE_MS);
  const preview = useQuery({
    queryKey: ["colors", settled],
    queryFn: async ({ signal }) => (await brandPreview({ body: JSON.parse(settled) as BrandBody, throwOnError: true, signal })).data,
    enabled: isColor && isDark && settled === asked,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  const seen = preview.data;
  const judged = isColor && isDark && settled === asked && preview.isSuccess && !preview.isPlaceholderData;
  return {
    color,
    dark,
    setColor,
    setDark,
    isColor,
    isDark,
    seen,
    changed: color !== (brand.color ?? "") || (color !== "" && dark !== (brand.dark_color ?? "")),
    usable: judged && preview.data.light.readable && preview.data.dark.readable,
    body,
  };
}

/** Keeps colors; the console wears them from then on. */
export function useKeepColors(): (body: BrandBody) => Promise<BrandView> {
  const cache = useQueryClient();
  return async (body) => {
    const { data } = await brandPut({ body, throwOnError: true });
    cache.setQueryData(sessionOptions.queryKey, (session) => (session === undefined ? undefined : { ...session, brand: data }));
    return data;
  };
}
