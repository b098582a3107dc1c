import { curl, EXAMPLE_NUMBER, keyArgument, preamble } from "../examples";
import type { Contract } from "./contract";

const BASE = "/V1/api";

export const coral: Contract = {
  name: "coral",
  title: "Coral classifier API",
  lead: "Send a reef photo; it is cut into chunks of 244 × 244 pixels, and each is said to be bleached or healthy coral.",
  base: BASE,
  routes: [
    {
      method: "GET",
      path: "/health",
      what: "Says whether the server answers, also while all its workers are busy.",
      answer: '{"status": "success"}',
      open: true,
      example: (place) => ({
        curl: curl(place, `${BASE}/health`),
        python: `${preamble(place)}\n\nprint(requests.get(f"{server}${BASE}/health"${keyArgument(place)}).json())`,
      }),
    },
    {
      method: "POST",
      path: "/classify",
      what: "Queues the photo in the multipart field `image`: JPEG, PNG, WebP or TIFF.",
      answer: '{"job_id": 1052}',
      example: (place) => ({
        curl: curl(place, `${BASE}/classify`, '-F "image=@reef.jpg"'),
        python: `${preamble(place)}

with open("reef.jpg", "rb") as photo:
    answer = requests.post(f"{server}${BASE}/classify"${keyArgument(place)}, files={"image": photo})
print(answer.json()["job_id"])`,
      }),
    },
    {
      method: "GET",
      path: "/status/{JOB_ID}",
      what: "Says how far the job is, and gives its result when it is completed.",
      answer: "the status response, below",
      example: (place) => ({
        curl: curl(place, `${BASE}/status/${EXAMPLE_NUMBER}`),
        python: `${preamble(place)}
job = ${EXAMPLE_NUMBER}

status = requests.get(f"{server}${BASE}/status/{job}"${keyArgument(place)}).json()
print(status["status"], status["progress"])`,
      }),
    },
    {
      method: "DELETE",
      path: "/classify/{JOB_ID}",
      what: "Stops the job and deletes its photo and result.",
      answer: '{"status": "success"}',
      example: (place) => ({
        curl: curl(place, `${BASE}/classify/${EXAMPLE_NUMBER}`, "-X DELETE"),
        python: `${preamble(place)}
job = ${EXAMPLE_NUMBER}

print(requests.delete(f"{server}${BASE}/classify/{job}"${keyArgument(place)}).json())`,
      }),
    },
  ],
  scriptIntroduction: "Sends a photo, shows the progress, prints the counts and keeps the picture.",
  script: (place) => `${preamble(place, "base64", "time")}

with open("reef.jpg", "rb") as photo:
    answer = requests.post(f"{server}${BASE}/classify"${keyArgument(place)}, files={"image": photo})
answer.raise_for_status()
job = answer.json()["job_id"]

while True:
    status = requests.get(f"{server}${BASE}/status/{job}"${keyArgument(place)}).json()
    print(status["status"], status["progress"])
    if status["status"] in ("completed", "error"):
        break
    time.sleep(1)

print(status["summary"])
with open("result.png", "wb") as file:
    file.write(base64.b64decode(status["result_image"].split(",")[1]))`,
  answerTitle: "The status response",
  answerIntroduction:
    "First `queued`, then `processing`, then `completed`; or `error`, with a sentence in `error` that says why.",
  answers: [
    {
      caption: "While it is worked on",
      json: `{
  "status": "processing",
  "completed_chunks": 3,
  "total_chunks": 10,
  "remaining_chunks": 7,
  "progress": "3/10"
}`,
    },
    {
      caption: "When it is completed",
      json: `{
  "status": "completed",
  "completed_chunks": 10,
  "total_chunks": 10,
  "remaining_chunks": 0,
  "progress": "10/10",
  "result_image": "data:image/png;base64,...",
  "summary": {"bleached_chunks": 4, "healthy_chunks": 6, "total_chunks": 10},
  "chunks": [
    {"x": 0, "y": 0, "width": 244, "height": 244, "probability": 0.82, "predicted_label": "Bleached Coral"}
  ]
}`,
    },
  ],
  definitions: [
    {
      term: "chunks",
      meaning:
        "Rectangles of 244 × 244 pixels, row by row from the top left; those of the last column and row may be smaller. " +
        "`x`, `y`, `width` and `height` are pixels of the photo.",
    },
    {
      term: "probability",
      meaning: "Of bleached coral: from 0.5 on the label is *Bleached Coral*, below it *Healthy Coral*.",
    },
    {
      term: "result_image",
      meaning:
        "The photo, in its own size, with every chunk tinted and framed: red is bleached, green is healthy. It is a PNG, " +
        "and its bytes stand after the comma.",
    },
    { term: "progress", meaning: "Chunks looked at out of chunks in all; `0/0` while the job is queued." },
  ],
  errors: {
    shape: '{"error": "a sentence"}',
    rows: [
      { status: "400", when: "There is no photo in the form, or it is none that can be read." },
      { status: "404", when: "There is no such job, or no longer." },
      { status: "413", when: "The photo has too many bytes." },
      { status: "429", when: "The queue is full; the header `Retry-After` says for how many seconds." },
    ],
  },
};
