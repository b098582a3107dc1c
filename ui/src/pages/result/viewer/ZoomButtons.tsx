import styles from "./ZoomButtons.module.css";

interface Props {
  onIn: () => void;
  onOut: () => void;
  onAll: () => void;
}

export function ZoomButtons({ onIn, onOut, onAll }: Props) {
  return (
    <div className={styles["buttons"]}>
      <ZoomButton name="Zoom in" drawing="M10 4v12M4 10h12" onClick={onIn} />
      <ZoomButton name="Zoom out" drawing="M4 10h12" onClick={onOut} />
      <ZoomButton name="Show all of the photo" drawing="M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4" onClick={onAll} />
    </div>
  );
}

function ZoomButton({ name, drawing, onClick }: { name: string; drawing: string; onClick: () => void }) {
  return (
    <button type="button" aria-label={name} title={name} onClick={onClick}>
      <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <path d={drawing} />
      </svg>
    </button>
  );
}
