/** Beside what the OpenAPI document says of the native API: what its groups are for, and an example of every operation. */
import {
  curl,
  EXAMPLE_BATCH,
  EXAMPLE_JOB,
  EXAMPLE_UPLOAD,
  keyArgument,
  preamble,
  type Example,
  type Place,
} from "../examples";
import type { Operation } from "../reference";

export interface GroupText {
  name: string;
  about: string;
}

/** In the order of reading. */
export const GROUPS: readonly GroupText[] = [
  { name: "Server", about: "What this server takes, and which of its APIs want a key." },
  { name: "Models", about: "The model packages: what they look for, how well, and the packages themselves." },
  {
    name: "Jobs",
    about:
      "A photo that was sent is a job, until its time runs out. Send photos, follow them, stop and delete them. An " +
      "`Idempotency-Key` of your own makes a request safe to send again.",
  },
  {
    name: "Results",
    about:
      "Everything about a finished job, file by file. Which files there are depends on the model's task; the job lists " +
      "them under `links`.",
  },
  { name: "Batches", about: "Photos that were sent in one request, told of together." },
  {
    name: "Resumable uploads",
    about:
      "Large photos and bad lines: an upload in pieces, by [tus 1.0](https://tus.io/protocols/resumable-upload). A " +
      "complete one is named in `POST /api/v1/jobs`.",
  },
  { name: "Problems", about: "What the code of an error means." },
  { name: "Operations", about: "For whoever runs the server. No key is asked for." },
];

/** What may be chosen for one analysis, in `options`. */
export const OPTIONS: readonly { name: string; meaning: string }[] = [
  {
    name: "opacity",
    meaning: "How much of the colours covers the photo in the overlay of a map, 0 to 1; 0.5 by default.",
  },
  {
    name: "threshold",
    meaning: "Tiles: the probability from which a tile gets the positive label; the package has its own.",
  },
  {
    name: "unsure_band",
    meaning: "Tiles: two probabilities, `[0.35, 0.65]` say, between which a tile is called *unsure*.",
  },
  {
    name: "error_rate",
    meaning:
      "Tiles: how many tiles of each class may be given the other's label, 0.1 say; the unsure band is chosen so.",
  },
  { name: "overlap", meaning: "Maps: pixels that neighbouring tiles share." },
  {
    name: "min_confidence",
    meaning: "Maps: pixels whose label is less probable are *unsure*: index 255, never painted.",
  },
  {
    name: "depth_top_m, depth_base_m",
    meaning:
      "Maps: depths of the photo's upper and lower end in metres, for the log along the core. Give both or none.",
  },
];

const VALUES: Record<string, string> = {
  "{job_id}": EXAMPLE_JOB,
  "{reference}": "coral-bleaching",
  "{batch}": EXAMPLE_BATCH,
  "{upload_id}": EXAMPLE_UPLOAD,
  "{code}": "not_a_photo",
  "{level}": "8",
  "{tile}": "0_0.jpg",
};

const VARIABLES: Record<string, string> = { "{job_id}": "job", "{batch}": "batch", "{upload_id}": "upload" };

const TUS = '-H "Tus-Resumable: 1.0.0"';

/** An example of an operation, to be run as it stands but for the ids. */
export function exampleOf(operation: Operation, place: Place): Example {
  const asked = { ...place, key: operation.needsKey ? place.key : null };
  const special = SPECIAL[`${operation.verb} ${operation.path}`];
  return special === undefined ? plainExample(operation, asked) : special(asked);
}

function plainExample(operation: Operation, place: Place): Example {
  const path = filledIn(operation.path);
  const isFile = operation.answers.some((answer) => answer.mediaTypes.length > 0 && answer.sample === null);
  const fileName = path.split("/").at(-1) ?? "";
  const flags = operation.verb === "get" ? (isFile ? [`-o ${savedAs(fileName)}`] : []) : [`-X ${verbOf(operation)}`];
  const call = `requests.${operation.verb}(${pythonAddress(operation.path)}${keyArgument(place)})`;
  return {
    curl: curl(place, path, ...flags),
    python: `${preamble(place)}\n${variables(operation.path)}\n${
      isFile ? saving(call, savedAs(fileName)) : printing(operation, call)
    }`,
  };
}

function verbOf(operation: Operation): string {
  return operation.verb.toUpperCase();
}

function printing(operation: Operation, call: string): string {
  const saysSomething = operation.answers.some((answer) => answer.sample !== null);
  return `print(${call}.${saysSomething ? "json()" : "status_code"})`;
}

function saving(call: string, fileName: string): string {
  return `answer = ${call}
answer.raise_for_status()
with open("${fileName}", "wb") as file:
    file.write(answer.content)`;
}

function savedAs(lastPart: string): string {
  return lastPart.includes(".") ? lastPart : (FILE_NAMES[lastPart] ?? lastPart);
}

const FILE_NAMES: Record<string, string> = { download: "package.zip", photo: "photo.jpg", metrics: "metrics.txt" };

function filledIn(path: string): string {
  return path.replace(/\{\w+\}/g, (name) => VALUES[name] ?? name);
}

function pythonAddress(path: string): string {
  return `f"{server}${path.replace(/\{\w+\}/g, (name) => {
    const variable = VARIABLES[name];
    return variable === undefined ? (VALUES[name] ?? name) : `{${variable}}`;
  })}"`;
}

function variables(path: string): string {
  return Object.entries(VARIABLES)
    .filter(([name]) => path.includes(name))
    .map(([name, variable]) => `${variable} = "${VALUES[name] ?? ""}"\n`)
    .join("");
}

/** Those that say more than the address. */
const SPECIAL: Record<string, (place: Place) => Example> = {
  "post /api/v1/jobs": (place) => ({
    curl: curl(
      place,
      "/api/v1/jobs",
      '-F "image=@reef.jpg"',
      '-F "model=coral-bleaching"',
      `-F 'options={"threshold": 0.4}'`,
      `-F 'metadata={"site": "North Bay", "dive": 12}'`,
    ),
    python: `${preamble(place, "json")}

with open("reef.jpg", "rb") as photo:
    answer = requests.post(
        f"{server}/api/v1/jobs"${keyArgument(place)},
        files={"image": photo},
        data={
            "model": "coral-bleaching",
            "options": json.dumps({"threshold": 0.4}),
            "metadata": json.dumps({"site": "North Bay", "dive": 12}),
        },
    )
answer.raise_for_status()
print(answer.json()["jobs"][0]["id"])`,
  }),
  "get /api/v1/jobs": (place) => ({
    curl: curl(place, "/api/v1/jobs?status=finished&limit=10"),
    python: `${preamble(place)}

address = "/api/v1/jobs?status=finished&limit=10"
while address:
    page = requests.get(server + address${keyArgument(place)}).json()
    for job in page["jobs"]:
        print(job["id"], job["photo"]["name"], job["status"])
    address = page["next"]`,
  }),
  "get /api/v1/jobs/{job_id}/events": (place) => ({
    curl: curl(place, `/api/v1/jobs/${EXAMPLE_JOB}/events`, "-N"),
    python: `${preamble(place, "json")}
job = "${EXAMPLE_JOB}"

with requests.get(f"{server}/api/v1/jobs/{job}/events"${keyArgument(place)}, stream=True) as events:
    for line in events.iter_lines(decode_unicode=True):
        if line.startswith("data: "):
            state = json.loads(line.removeprefix("data: "))
            print(state["status"], state["done"], "of", state["total"])`,
  }),
  "get /api/v1/jobs/{job_id}/overlay.png": (place) => ({
    curl: curl(place, `/api/v1/jobs/${EXAMPLE_JOB}/overlay.png?opacity=0.8&legend=true`, "-o overlay.png"),
    python: `${preamble(place)}
job = "${EXAMPLE_JOB}"

${saving(
  `requests.get(f"{server}/api/v1/jobs/{job}/overlay.png?opacity=0.8&legend=true"${keyArgument(place)})`,
  "overlay.png",
)}`,
  }),
  "options /api/v1/uploads": (place) => ({
    curl: curl(place, "/api/v1/uploads", "-i", "-X OPTIONS"),
    python: `${preamble(place)}\n\nprint(requests.options(f"{server}/api/v1/uploads").headers["Tus-Extension"])`,
  }),
  "post /api/v1/uploads": (place) => ({
    curl: curl(
      place,
      "/api/v1/uploads",
      "-i",
      "-X POST",
      TUS,
      '-H "Upload-Length: $(stat -c %s reef.jpg)"',
      '-H "Upload-Metadata: filename $(printf reef.jpg | base64)"',
    ),
    python: `${preamble(place, "base64", "os")}

headers = {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": str(os.path.getsize("reef.jpg")),
    "Upload-Metadata": "filename " + base64.b64encode(b"reef.jpg").decode(),${keyLine(place)}
}
print(requests.post(f"{server}/api/v1/uploads", headers=headers).headers["Location"])`,
  }),
  "head /api/v1/uploads/{upload_id}": (place) => ({
    curl: curl(place, `/api/v1/uploads/${EXAMPLE_UPLOAD}`, "-I", TUS),
    python: `${preamble(place)}
upload = "${EXAMPLE_UPLOAD}"

headers = {"Tus-Resumable": "1.0.0"${keyEntry(place)}}
print(requests.head(f"{server}/api/v1/uploads/{upload}", headers=headers).headers["Upload-Offset"])`,
  }),
  "patch /api/v1/uploads/{upload_id}": (place) => ({
    curl: curl(
      place,
      `/api/v1/uploads/${EXAMPLE_UPLOAD}`,
      "-i",
      "-X PATCH",
      TUS,
      '-H "Upload-Offset: 0"',
      '-H "Content-Type: application/offset+octet-stream"',
      "--data-binary @reef.jpg",
    ),
    python: `${preamble(place)}
upload = "${EXAMPLE_UPLOAD}"

headers = {
    "Tus-Resumable": "1.0.0",
    "Upload-Offset": "0",
    "Content-Type": "application/offset+octet-stream",${keyLine(place)}
}
with open("reef.jpg", "rb") as photo:
    answer = requests.patch(f"{server}/api/v1/uploads/{upload}", headers=headers, data=photo)
print(answer.headers["Upload-Offset"])`,
  }),
  "delete /api/v1/uploads/{upload_id}": (place) => ({
    curl: curl(place, `/api/v1/uploads/${EXAMPLE_UPLOAD}`, "-X DELETE", TUS),
    python: `${preamble(place)}
upload = "${EXAMPLE_UPLOAD}"

headers = {"Tus-Resumable": "1.0.0"${keyEntry(place)}}
print(requests.delete(f"{server}/api/v1/uploads/{upload}", headers=headers).status_code)`,
  }),
};

function keyEntry(place: Place): string {
  return place.key === null ? "" : ", **key";
}

function keyLine(place: Place): string {
  return place.key === null ? "" : "\n    **key,";
}

/** The same with the library, which tries again by itself and sends large photos in pieces. */
export function clientScript(place: Place): string {
  const key = place.key === null ? "" : `, key=${JSON.stringify(place.key)}`;
  return `import facies

with facies.Client(${JSON.stringify(place.server)}${key}) as client:
    job = client.submit("reef.jpg", model="coral-bleaching")
    for job in client.watch(job):
        print(f"{job.status}: {job.done} of {job.total} tiles")
    client.result(job).save("results/reef")`;
}

/** From sending to the numbers, with nothing but `requests`. */
export function requestsScript(place: Place): string {
  return `${preamble(place, "time")}

with open("reef.jpg", "rb") as photo:
    answer = requests.post(
        f"{server}/api/v1/jobs"${keyArgument(place)}, files={"image": photo}, data={"model": "coral-bleaching"}
    )
answer.raise_for_status()
url = server + answer.json()["jobs"][0]["url"]

while (job := requests.get(url${keyArgument(place)}).json())["status"] in ("queued", "started"):
    print(job["done"], "of", job["total"])
    time.sleep(1)

print(requests.get(server + job["links"]["summary"]${keyArgument(place)}).json()["tiles"])
with open("overlay.png", "wb") as file:
    file.write(requests.get(server + job["links"]["overlay"]${keyArgument(place)}).content)`;
}
