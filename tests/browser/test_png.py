"""The PNGs that Facies writes, as a browser reads them."""

import base64
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from facies.imaging import png
from tests.data.photos import Pixels, noise

SIZES = [(1, 1), (1, 700), (700, 1), (333, 77), (1500, 1100)]

READ = """async ([content, width, height]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }))
    const canvas = new OffscreenCanvas(picture.width, picture.height)
    const context = canvas.getContext("2d")
    context.drawImage(picture, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    let letters = ""
    for (let i = 0; i < data.length; i += 8192) letters += String.fromCharCode(...data.subarray(i, i + 8192))
    return [picture.width, picture.height, btoa(letters)]
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def read(page: Page, content: bytes, size: tuple[int, int]) -> Pixels:
    """What the browser makes of a PNG of this size, height and width: uint8 (height, width, 3)."""
    height, width = size
    found_width, found_height, letters = page.evaluate(READ, [base64.b64encode(content).decode(), width, height])
    assert (found_height, found_width) == size
    pixels = np.frombuffer(base64.b64decode(letters), np.uint8).reshape(height, width, 4)
    assert (pixels[..., 3] == 255).all()
    return pixels[..., :3]


@pytest.mark.parametrize("size", SIZES)
def test_colours(page: Page, size: tuple[int, int]) -> None:
    pixels = noise(*size)
    np.testing.assert_array_equal(read(page, png.encode_rgb(pixels), size), pixels)


@pytest.mark.parametrize("size", SIZES)
def test_grey(page: Page, size: tuple[int, int]) -> None:
    pixels = noise(*size)[..., 1]
    content = b"".join(png.stream_grey(size, [lambda: pixels]))
    np.testing.assert_array_equal(read(page, content, size), np.repeat(pixels[..., None], 3, axis=2))


@pytest.mark.parametrize("size", SIZES)
def test_indices_show_as_their_colours(page: Page, size: tuple[int, int]) -> None:
    colours = np.array([(1, 2, 3), (4, 5, 6), (7, 8, 9)], np.uint8)
    indices = noise(*size)[..., 0] % 3
    content = b"".join(png.stream_palette(size, [lambda: indices], colours))
    np.testing.assert_array_equal(read(page, content, size), colours[indices])
