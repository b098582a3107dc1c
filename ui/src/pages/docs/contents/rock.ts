import { curl, EXAMPLE_JOB, keyArgument, preamble } from "../examples";
import type { Contract } from "./contract";

export const rock: Contract = {
  name: "rock",
  title: "Rock types segmentation API",
  lead: "Send a photo of one drill core; every pixel of it is given one of 11 rock types, or background.",
  base: "",
  routes: [
    {
      method: "POST",
      path: "/predict",
      what:
        "Queues the photo in the multipart field `file`: JPEG, PNG, WebP or TIFF. `mask_weight`, from 0 to 1, says how " +
        "much of the colours covers the photo.",
      answer: '{"job_id": "6f1c9a52-…", "status": "queued"}',
      example: (place) => ({
        curl: curl(place, "/predict", '-F "file=@core.jpg"', '-F "mask_weight=0.6"'),
        python: `${preamble(place)}

with open("core.jpg", "rb") as photo:
    answer = requests.post(f"{server}/predict"${keyArgument(place)}, files={"file": photo}, data={"mask_weight": 0.6})
print(answer.json()["job_id"])`,
      }),
    },
    {
      method: "GET",
      path: "/job/{job_id}",
      what: "Says how far the job is, and gives its result when it is finished.",
      answer: "the job, below",
      example: (place) => ({
        curl: curl(place, `/job/${EXAMPLE_JOB}?form=json`),
        python: `${preamble(place)}
job = "${EXAMPLE_JOB}"

info = requests.get(f"{server}/job/{job}?form=json"${keyArgument(place)}).json()
print(info["status"])`,
      }),
    },
    {
      method: "GET",
      path: "/job/{job_id}?form=png",
      what:
        "The picture itself, as `image/png`, once the job is finished; with `&legend=true` the names of the colours " +
        "stand beside the photo.",
      answer: "a PNG; until then the job, below",
      example: (place) => ({
        curl: curl(place, `/job/${EXAMPLE_JOB}?form=png`, "-o result.png"),
        python: `${preamble(place)}
job = "${EXAMPLE_JOB}"

with open("result.png", "wb") as file:
    file.write(requests.get(f"{server}/job/{job}?form=png&legend=true"${keyArgument(place)}).content)`,
      }),
    },
  ],
  scriptIntroduction: "Sends a photo, waits, prints the rock types and keeps the picture.",
  script: (place) => `${preamble(place, "base64", "time")}

with open("core.jpg", "rb") as photo:
    answer = requests.post(f"{server}/predict"${keyArgument(place)}, files={"file": photo}, data={"mask_weight": 0.6})
answer.raise_for_status()
job = answer.json()["job_id"]

while True:
    info = requests.get(f"{server}/job/{job}?form=json"${keyArgument(place)}).json()
    print(info["status"])
    if info["status"] in ("finished", "failed"):
        break
    time.sleep(1)

print(info["result"]["detected_classes"])
with open("result.png", "wb") as file:
    file.write(base64.b64decode(info["result"]["base64"]))`,
  answerTitle: "The job",
  answerIntroduction:
    "First `queued`, then `started`, then `finished`; or `failed`, with a sentence in `error` that says why. `result` is " +
    "`null` until the job is finished.",
  answers: [
    {
      caption: "While it waits",
      json: `{
  "job_id": "6f1c9a52-0f8e-4b43-9a0f-2f3f7a1f5a10",
  "status": "queued",
  "created_at": 1760657042.6906676,
  "started_at": null,
  "finished_at": null,
  "error": null,
  "result": null
}`,
    },
    {
      caption: "When it is finished",
      json: `{
  "job_id": "6f1c9a52-0f8e-4b43-9a0f-2f3f7a1f5a10",
  "status": "finished",
  "created_at": 1760657042.6906676,
  "started_at": 1760657042.6912308,
  "finished_at": 1760657047.3353314,
  "error": null,
  "result": {
    "detected_classes": {"mudstone": [152, 223, 138], "limestone": [197, 176, 213]},
    "base64": "iVBORw0KGgoAAAAN..."
  }
}`,
    },
  ],
  definitions: [
    { term: "created_at, started_at, finished_at", meaning: "Unix seconds; `null` until it happens." },
    {
      term: "detected_classes",
      meaning:
        "Every rock type with at least one pixel, and its colour as red, green and blue. Background is never listed.",
    },
    {
      term: "base64",
      meaning:
        "The picture: the photo, in its own size, with the colours over the rock. Its bytes are those of `form=png`; there " +
        "is no `data:` in front.",
    },
    {
      term: "mask_weight",
      meaning:
        "Of each pixel of rock, so much is its type's colour and the rest is the photo. Background stays as it is.",
    },
  ],
  errors: {
    shape: '{"detail": "a sentence"}',
    rows: [
      { status: "400", when: "What was sent is no photo that can be read." },
      { status: "401", when: "There is no key in the header `api-key`, or a wrong one." },
      { status: "404", when: "There is no such job, or no longer, or it is another key's." },
      { status: "413", when: "The photo has too many bytes." },
      {
        status: "422",
        when: "There is no `file` in the form, `mask_weight` is none from 0 to 1, or `form` is another word.",
      },
      { status: "429", when: "The queue is full; the header `Retry-After` says for how many seconds." },
    ],
  },
};
