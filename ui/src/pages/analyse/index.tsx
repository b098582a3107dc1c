import { useQuery } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import { modelsQuery } from "@/api/jobs";
import { serverQuery } from "@/api/server";
import { sentenceOf } from "@/api/problem";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { Page } from "@/parts/Page";
import { desk } from "@/tray/desk";
import { useTray } from "@/tray/useTray";
import { count } from "@/words/amounts";
import { DropZone } from "./DropZone";
import { ModelChoice } from "./ModelChoice";
import { OptionsPanel } from "./OptionsPanel";
import { type Chosen, NOTHING_CHOSEN, toOptions } from "./options";
import { TrayList } from "./TrayList";
import styles from "./Analyse.module.css";

const PHOTOS_A_BATCH = 100; // where a server does not say how many it takes

export default function AnalysePage() {
  const models = useQuery(modelsQuery);
  const { data: server } = useQuery(serverQuery);
  const [picked, setPicked] = useState<string | null>(null);
  const [chosen, setChosen] = useState<Chosen>(NOTHING_CHOSEN);
  const { entries } = useTray();
  const model = models.data?.find((one) => one.model === picked) ?? models.data?.[0];
  const ready = entries.filter(({ phase }) => phase === "ready").length;
  const options = model === undefined ? null : toOptions(chosen, model.task);
  const photosId = useId();
  const photos = useRef<HTMLElement>(null);

  return (
    <Page
      title="What is on your photo of the ground?"
      tab="Analyse"
      lead="Choose what to look for, add photos, and watch every tile being looked at. Photos stay on this server and are deleted after a while."
    >
      {models.isError ? <Notice kind="bad">{sentenceOf(models.error)}</Notice> : null}
      <ModelChoice
        models={models.data}
        value={model?.model ?? null}
        onChange={(reference) => {
          setPicked(reference);
          setChosen(NOTHING_CHOSEN);
        }}
      />
      {model === undefined ? null : (
        <OptionsPanel key={model.model} model={model} value={chosen} onChange={setChosen} />
      )}
      <section ref={photos} aria-labelledby={photosId} className={styles["photos"]}>
        <h2 id={photosId} className={styles["step"]}>
          Your photos
        </h2>
        <DropZone isSmall={entries.length > 0} onFiles={(files) => void desk.add(files)} />
        {entries.length > 0 ? <TrayList entries={entries} /> : null}
      </section>
      {ready > 0 && model !== undefined ? (
        <div className={styles["start"]}>
          <p>
            <strong>{count(ready, "photo")}</strong> {ready === 1 ? "is" : "are"} ready
            {ready > 1 ? " and will be one batch" : ""}.
          </p>
          <Button
            look="main"
            disabled={options === null}
            onClick={() => {
              if (options === null) return;
              desk.order(model.model, options, server?.limits.photos ?? PHOTOS_A_BATCH);
              photos.current?.scrollIntoView({ block: "start" });
            }}
          >
            Analyse {count(ready, "photo")}
          </Button>
        </div>
      ) : null}
    </Page>
  );
}
