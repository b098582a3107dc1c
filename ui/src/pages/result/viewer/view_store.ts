import type { View } from "./geometry";

/** The present view, shared by everything that moves with the photo. */
export class ViewStore {
  #view: View | null = null;
  readonly #listeners = new Set<() => void>();

  readonly get = (): View | null => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(view: View): void {
    if (this.#view !== null && isSame(this.#view, view)) return;
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}

function isSame(one: View, other: View): boolean {
  return (
    one.x === other.x &&
    one.y === other.y &&
    one.scale === other.scale &&
    one.pane.width === other.pane.width &&
    one.pane.height === other.pane.height
  );
}
