import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { sentenceOf } from "@/api/problem";
import { fetchBlob } from "@/api/send";
import { Button, type Look } from "./Button";
import { save } from "./save";

interface Props extends Look {
  path: string;
  name: string;
  children: ReactNode;
}

/** Downloads a file of the server; where that fails, its sentence takes the button's place for a while. */
export function SaveButton({ path, name, children, ...look }: Props) {
  const saving = useMutation({ mutationFn: async () => save(await fetchBlob(path), name) });
  return (
    <Button
      {...look}
      disabled={saving.isPending}
      onClick={() => saving.mutate()}
      title={saving.isError ? sentenceOf(saving.error) : undefined}
    >
      {saving.isPending ? "Preparing …" : children}
      {saving.isError ? <span role="alert">: {sentenceOf(saving.error)}</span> : null}
    </Button>
  );
}
