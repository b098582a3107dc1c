import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { sentenceOf } from "@/api/problem";
import { saveFile } from "@/api/save";
import { Button, type Look } from "./Button";

interface Props extends Look {
  path: string;
  name: string;
  children: ReactNode;
}

/** Downloads a file of the server; where that fails, its sentence takes the button's place for a while. */
export function SaveButton({ path, name, children, ...look }: Props) {
  const save = useMutation({ mutationFn: () => saveFile(path, name) });
  return (
    <Button
      {...look}
      disabled={save.isPending}
      onClick={() => save.mutate()}
      title={save.isError ? sentenceOf(save.error) : undefined}
    >
      {save.isPending ? "Preparing …" : children}
      {save.isError ? <span role="alert">: {sentenceOf(save.error)}</span> : null}
    </Button>
  );
}
