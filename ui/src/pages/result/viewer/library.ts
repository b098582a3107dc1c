/** The viewer's own script, fetched when there is a photo to show, and begun before all else about it is known. */
export async function loadViewer() {
  const [{ default: library }, { PhotoZoom }] = await Promise.all([import("openseadragon"), import("./photo_zoom")]);
  return { library, PhotoZoom };
}
