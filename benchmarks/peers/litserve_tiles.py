"""LitServe with batching, serving the same ONNX to a client that tiles, stitches and paints.

Usage: python -m benchmarks.peers.litserve_tiles PORT PACKAGE_FOLDER
"""

import base64
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import litserve
import numpy as np
import onnxruntime
import requests

from facies.imaging import png
from facies.imaging.fitting import fit
from facies.imaging.overlay import paint_tiles
from facies.imaging.photo import open_photo
from facies.imaging.tiles import cut, plan
from facies.models.package import load_package

TILE, SIZE, CONNECTIONS, BATCH = 244, 224, 32, 16
COLOURS = np.array([(34, 197, 94), (239, 68, 68)], np.uint8)


def client(url: str):  # noqa: ANN201
    """Sends a photo tile by tile over many connections, and paints the answers."""
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))
    threads = ThreadPoolExecutor(CONNECTIONS)

    def ask(tile: np.ndarray) -> int:
        body = {"tile": base64.b64encode(fit(tile, (SIZE, SIZE)).tobytes()).decode()}
        return int(session.post(f"{url}/predict", json=body).json()["label"])

    def submit(photo: Path) -> None:
        pixels = open_photo(photo).pixels
        grid = plan(pixels.shape[:2], (TILE, TILE))
        labels = np.array(list(threads.map(ask, cut(pixels, grid))), np.uint8)
        png.encode_rgb(paint_tiles(pixels, grid, labels, COLOURS))

    return submit


class Tiles(litserve.LitAPI):
    """One network, batched."""

    def setup(self, device: str) -> None:  # noqa: ARG002
        """Load the weights."""
        package = load_package(Path(sys.argv[2]))
        self.session = onnxruntime.InferenceSession(str(package.weights_path))
        self.input = self.session.get_inputs()[0].name

    def decode_request(self, request: dict[str, str]) -> np.ndarray:
        """A tile from its text."""
        return np.frombuffer(base64.b64decode(request["tile"]), np.uint8).reshape(SIZE, SIZE, 3)

    def batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        """Tiles together."""
        return np.stack(inputs)

    def predict(self, tiles: np.ndarray) -> np.ndarray:
        """Logits."""
        return self.session.run(["logits"], {self.input: tiles})[0]

    def unbatch(self, logits: np.ndarray) -> list[np.ndarray]:
        """Logits tile by tile."""
        return list(logits)

    def encode_response(self, logits: np.ndarray) -> dict[str, int]:
        """The class."""
        return {"label": int(logits.argmax())}


if __name__ == "__main__":
    api = Tiles(max_batch_size=BATCH, batch_timeout=0.005)
    litserve.LitServer(api, accelerator="cpu").run(port=int(sys.argv[1]), generate_client_file=False)
