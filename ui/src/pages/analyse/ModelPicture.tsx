import type { Model } from "@/api/client";
import coral from "./examples/coral-bleaching.webp";
import rock from "./examples/rock-types.webp";
import styles from "./ModelPicture.module.css";

/** Drawn photos and what the shipped packages say of them; draw_examples.py makes them. */
const EXAMPLES: Readonly<Record<string, string>> = { "coral-bleaching": coral, "rock-types": rock };

const COLUMNS = 8;
const ROWS = 4;

/** An example of what a package answers; for one of the user's own, its colours as tiles or as strata. */
export function ModelPicture({ model }: { model: Model }) {
  const example = EXAMPLES[model.model.split("@", 1)[0] ?? ""];
  if (example !== undefined) return <img src={example} alt="" className={styles["picture"]} />;
  const colours = model.classes.filter(({ name }) => name !== "background").map(({ rgb }) => `rgb(${rgb.join(" ")})`);
  return (
    <svg viewBox="0 0 16 9" preserveAspectRatio="none" className={styles["picture"]} aria-hidden="true">
      {model.task === "segmentation" ? <Strata colours={colours} /> : <Tiles colours={colours} />}
    </svg>
  );
}

function Strata({ colours }: { colours: readonly string[] }) {
  const height = 9 / colours.length;
  return colours.map((colour, place) => (
    <rect key={colour} x="0" y={place * height} width="16" height={height} fill={colour} opacity="0.7" />
  ));
}

function Tiles({ colours }: { colours: readonly string[] }) {
  const places = Array.from({ length: COLUMNS * ROWS }, (_, place) => place);
  return places.map((place) => (
    <rect
      key={place}
      x={(place % COLUMNS) * (16 / COLUMNS)}
      y={Math.floor(place / COLUMNS) * (9 / ROWS)}
      width={16 / COLUMNS}
      height={9 / ROWS}
      fill={colours[(place * 7 + Math.floor(place / 3)) % colours.length]}
      stroke="rgb(255 255 255 / 40%)"
      strokeWidth="0.06"
      opacity="0.7"
    />
  ));
}
