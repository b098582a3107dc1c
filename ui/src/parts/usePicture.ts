import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { fetchBlob } from "@/api/send";
import { Turns } from "./turns";

const turns = new Turns(3);

/**
 * A picture of this server as an address that `<img>` can show: it is fetched, since an `<img>` cannot send the key.
 *
 * @param path where it is; nothing is fetched without
 */
export function usePicture(path: string | undefined): { url: string | undefined; isError: boolean } {
  const { data: blob, isError } = useQuery({
    queryKey: ["pictures", path],
    queryFn: ({ signal }) => turns.take(() => fetchBlob(path ?? "", signal), signal),
    enabled: path !== undefined,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  const url = useMemo(() => (blob ? URL.createObjectURL(blob) : undefined), [blob]);
  useEffect(() => () => (url === undefined ? undefined : URL.revokeObjectURL(url)), [url]);
  return { url, isError };
}
