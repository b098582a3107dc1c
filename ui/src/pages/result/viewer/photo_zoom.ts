/** One pane with the photo in deep zoom: OpenSeadragon, and what the rest of the page needs of it. */
import type OpenSeadragon from "openseadragon";
import { firstLook, type Box, type Point, type Size, type View } from "./geometry";
import { deepZoomSource, isQuick, isSmall, photoSource, type PhotoFile } from "./tile_sources";
import type { ViewStore } from "./view_store";

const MOST_ENLARGED = 12;

export interface PhotoSource extends PhotoFile {
  /** Of the deep zoom; it may still have to be made. */
  deepZoom: string;
}

export class PhotoZoom {
  readonly #viewer: OpenSeadragon.Viewer;
  readonly #ended = new AbortController();
  #isFollowing = false;
  #hasLooked = false;

  /**
   * @param library OpenSeadragon
   * @param element empty, sized by the page
   * @param photo what is shown
   * @param views where the view is told, and taken from when another pane moves
   * @param onPicture called once there is something to see
   * @param onError called with what went wrong
   */
  constructor(
    private readonly library: typeof OpenSeadragon,
    element: HTMLElement,
    private readonly photo: PhotoSource,
    private readonly views: ViewStore,
    onPicture: () => void,
    onError: (error: unknown) => void,
  ) {
    keepStyleOut();
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#viewer = library({
      element,
      drawer: "canvas",
      showNavigationControl: false,
      animationTime: isStill ? 0 : 0.35,
      springStiffness: 8,
      visibilityRatio: 0.25,
      minZoomImageRatio: 0.8,
      maxZoomPixelRatio: MOST_ENLARGED,
      zoomPerScroll: 1.25,
      immediateRender: true,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true, flickEnabled: false },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true, flickEnabled: !isStill, pinchRotate: false },
      gestureSettingsPen: { clickToZoom: false, dblClickToZoom: true },
    });
    this.#viewer.addHandler("canvas-key", (event) => {
      event.preventDefaultAction = true; // keys are the page's: they move from tile to tile
    });
    for (const name of ["update-viewport", "open", "resize"] as const) {
      this.#viewer.addHandler(name, () => this.#tell());
    }
    this.#viewer.addOnceHandler("open", () => this.#lookFirst());
    this.#viewer.addOnceHandler("tile-drawn", onPicture);
    views.subscribe(() => this.#follow());
    this.#open(onPicture).catch((error: unknown) => {
      if (!this.#ended.signal.aborted) onError(error);
    });
  }

  destroy(): void {
    this.#ended.abort();
    this.#viewer.destroy();
  }

  zoomBy(factor: number): void {
    this.#viewer.viewport.zoomBy(factor).applyConstraints();
  }

  showAll(): void {
    this.#viewer.viewport.goHome();
  }

  /** Move so that a box of the photo is in view, no more than is needed. */
  reveal(box: Box): void {
    const view = this.views.get();
    if (view === null) return;
    const by = {
      x: needed(view.x + box.x * view.scale, box.width * view.scale, view.pane.width),
      y: needed(view.y + box.y * view.scale, box.height * view.scale, view.pane.height),
    };
    if (by.x !== 0 || by.y !== 0) this.panBy(by);
  }

  /** Move the photo, CSS pixels. */
  panBy({ x, y }: Point, isAtOnce = false): void {
    const { viewport } = this.#viewer;
    const delta = viewport.deltaPointsFromPixels(new this.library.Point(-x, -y), true);
    viewport.panBy(delta, isAtOnce);
    viewport.applyConstraints(isAtOnce);
  }

  /** Bring a point of the photo into the middle of the pane. */
  centreOn({ x, y }: Point, isAtOnce = false): void {
    const { width } = this.photo.size;
    this.#viewer.viewport.panTo(new this.library.Point(x / width, y / width), isAtOnce);
    this.#viewer.viewport.applyConstraints(isAtOnce);
  }

  /** Fill the pane with a box of the photo, and a little of what is round it. */
  showBox(box: Box): void {
    const unit = this.photo.size.width;
    const margin = 0.06 * Math.max(box.width, box.height);
    const [x, y] = [box.x - margin, box.y - margin];
    const [width, height] = [box.width + 2 * margin, box.height + 2 * margin];
    this.#viewer.viewport.fitBounds(new this.library.Rect(x / unit, y / unit, width / unit, height / unit));
  }

  async #open(onPicture: () => void): Promise<void> {
    if (isQuick(this.photo)) this.#viewer.open([{ tileSource: photoSource(this.library, this.photo) }]);
    if (isSmall(this.photo) && (await isShown(this.#viewer))) return;
    const pyramid = await deepZoomSource(this.library, this.photo.deepZoom, this.#ended.signal);
    if (this.#ended.signal.aborted) return;
    const world = this.#viewer.world;
    if (world.getItemCount() === 0) return void this.#viewer.open([{ tileSource: pyramid }]);
    this.#viewer.addTiledImage({ tileSource: pyramid, success: onPicture });
  }

  /** A second pane looks where the first one does. */
  #lookFirst(): void {
    if (this.views.get() !== null) {
      this.#hasLooked = true;
      this.#follow();
      return;
    }
    const { size } = this.photo;
    const { x, y } = this.#viewer.viewport.getContainerSize();
    const box = firstLook(size, { width: x, height: y });
    const unit = size.width;
    this.#viewer.viewport.fitBounds(
      new this.library.Rect(box.x / unit, box.y / unit, box.width / unit, box.height / unit),
      true,
    );
    this.#hasLooked = true;
    this.#tell();
  }

  #tell(): void {
    if (!this.#hasLooked || this.#isFollowing || this.#viewer.world.getItemCount() === 0) return;
    this.views.set(this.#present());
  }

  #present(): View {
    const { viewport } = this.#viewer;
    const pane: Size = { width: viewport.getContainerSize().x, height: viewport.getContainerSize().y };
    const corner = viewport.pixelFromPoint(new this.library.Point(0, 0), true);
    return { x: corner.x, y: corner.y, scale: (viewport.getZoom(true) * pane.width) / this.photo.size.width, pane };
  }

  /** Another pane has moved. */
  #follow(): void {
    const view = this.views.get();
    if (view === null || this.#viewer.world.getItemCount() === 0 || isNear(view, this.#present())) return;
    const unit = view.scale * this.photo.size.width;
    const { width, height } = view.pane;
    this.#isFollowing = true;
    this.#viewer.viewport.fitBounds(
      new this.library.Rect(-view.x / unit, -view.y / unit, width / unit, height / unit),
      true,
    );
    this.#isFollowing = false;
  }
}

/** How far a stretch must move to lie inside a pane. */
function needed(from: number, length: number, pane: number): number {
  const margin = Math.min(24, pane / 10);
  if (from < margin) return margin - from;
  return Math.min(0, pane - margin - length - from);
}

function isNear(one: View, other: View): boolean {
  const far = Math.max(Math.abs(one.x - other.x), Math.abs(one.y - other.y));
  return far < 0.5 && Math.abs(one.scale / other.scale - 1) < 1e-4;
}

/** Whether the picture that was opened could be shown: a TIFF, for one, cannot. */
function isShown(viewer: OpenSeadragon.Viewer): Promise<boolean> {
  return new Promise((resolve) => {
    viewer.addOnceHandler("tile-loaded", () => resolve(true));
    viewer.addOnceHandler("tile-load-failed", () => resolve(false));
  });
}

/**
 * OpenSeadragon adds a style sheet of its own to the page, which the Content-Security-Policy refuses with an error. It
 * does not where it finds one already, and looks for the element's name only.
 */
function keepStyleOut(): void {
  if (document.querySelector("style[data-openseadragon-mobile-css]")) return;
  const standIn = document.createElementNS("urn:facies:stand-in", "style");
  standIn.setAttribute("data-openseadragon-mobile-css", "true");
  document.head.append(standIn);
}
