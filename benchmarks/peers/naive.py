"""A small server that does what such services usually do.

The model is loaded for every job, tiles are looked at one by one, Pillow decodes and writes the PNG. Same weights, same
answers, same API.

Usage: python -m benchmarks.peers.naive PORT PACKAGE_FOLDER
"""

import base64
import io
import sys
import threading
from pathlib import Path

import numpy as np
import onnxruntime
from flask import Flask, request
from PIL import Image, ImageDraw

from facies.models.package import load_package

TILE = 244
COLOURS = {True: (239, 68, 68), False: (34, 197, 94)}

app = Flask(__name__)
jobs: dict[int, dict[str, object]] = {}
package = load_package(Path(sys.argv[2]))


def classify(job: dict[str, object], photo: bytes) -> None:
    """Do one job from beginning to end."""
    session = onnxruntime.InferenceSession(str(package.weights_path))
    image = Image.open(io.BytesIO(photo)).convert("RGB")
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw, chunks = ImageDraw.Draw(layer), []
    height, width = package.manifest.input.size_hw
    for y in range(0, image.height, TILE):
        for x in range(0, image.width, TILE):
            box = (x, y, min(x + TILE, image.width), min(y + TILE, image.height))
            tile = np.asarray(image.crop(box).resize((width, height), Image.Resampling.BILINEAR))
            logits = session.run(["logits"], {session.get_inputs()[0].name: tile[None]})[0][0]
            bleached = bool(logits[1] >= logits[0])
            draw.rectangle((x, y, box[2] - 1, box[3] - 1), (*COLOURS[bleached], 90), (*COLOURS[bleached], 220), 2)
            chunks.append({"x": x, "y": y, "bleached": bleached})
            job["progress"] = len(chunks)
    file = io.BytesIO()
    Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB").save(file, "PNG")
    job["chunks"] = chunks
    job["result_image"] = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    job["status"] = "completed"


@app.get("/V1/api/health")
def health() -> dict[str, str]:
    """Whether the server answers."""
    return {"status": "success"}


@app.post("/V1/api/classify")
def submit() -> dict[str, int]:
    """Take a photo."""
    number = len(jobs) + 1
    jobs[number] = {"status": "processing"}
    threading.Thread(target=classify, args=(jobs[number], request.files["image"].read())).start()
    return {"job_id": number}


@app.get("/V1/api/status/<int:number>")
def status(number: int) -> object:
    """Say how far a job is."""
    job = jobs[number]
    return app.response_class(
        '{"status":"completed","result_image":"' + str(job["result_image"]) + '"}'
        if job["status"] == "completed"
        else '{"status":"processing"}',
        mimetype="application/json",
    )


app.run(port=int(sys.argv[1]), threaded=True)
