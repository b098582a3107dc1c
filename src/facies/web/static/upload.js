// The upload page: sends a photo through one of the two public APIs and shows what comes back.
//
// Each kind of photo is one object: submit(photo, key) -> id, poll(id, key) -> {state, done, total, error, result},
// cancel(id, key) where the API has it. A result is {base64: a PNG, found: [{name, rgb, count}]}.

const POLL_MS = 500;

const coral = {
  async submit(photo, key) {
    return (await call("POST", "/V1/api/classify", key, { image: photo })).job_id;
  },
  async poll(id, key) {
    const job = await call("GET", `/V1/api/status/${id}`, key);
    const result = job.status === "completed" && {
      base64: job.result_image.split(",")[1],
      found: [
        { name: "Bleached", rgb: [239, 68, 68], count: job.summary.bleached_chunks },
        { name: "Healthy", rgb: [34, 197, 94], count: job.summary.healthy_chunks },
        { name: "Unsure", rgb: [251, 146, 60], count: job.summary.unsure_chunks ?? 0 },
      ].filter((label) => label.count > 0),
    };
    return { state: job.status, done: job.completed_chunks, total: job.total_chunks, error: job.error, result };
  },
  async cancel(id, key) {
    await call("DELETE", `/V1/api/classify/${id}`, key);
  },
};

const rock = {
  needsKey: true,
  async submit(photo, key) {
    return (await call("POST", "/predict", key, { file: photo })).job_id;
  },
  async poll(id, key) {
    const job = await call("GET", `/job/${id}`, key);
    const result = job.result && {
      base64: job.result.base64,
      found: Object.entries(job.result.detected_classes).map(([name, rgb]) => ({ name, rgb })),
    };
    return { state: job.status, error: job.error, result };
  },
};

const apis = { coral, rock };
const at = (id) => document.getElementById(id);
let stopped = null; // AbortController of the analysis that runs

async function call(method, path, key, fields) {
  const body = fields && new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) body.append(name, value);
  const answer = await fetch(path, { method, body, headers: key ? { "api-key": key } : {} });
  const document = await answer.json();
  if (answer.status === 401) at("key-row").hidden = false;
  if (!answer.ok) throw new Error(document.error ?? document.detail);
  return document;
}

async function analyse(api, photo, key) {
  const signal = (stopped = new AbortController()).signal;
  show({ state: "Sending the photo…" });
  const id = await api.submit(photo, key);
  at("stop").hidden = !api.cancel;
  for (;;) {
    if (signal.aborted) {
      await api.cancel(id, key);
      return null;
    }
    const job = await api.poll(id, key);
    if (job.error) throw new Error(job.error);
    if (job.result) return job.result;
    show({ ...job, state: { queued: "Waiting for its turn…" }[job.state] ?? "Looking at the photo…" });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function show({ state, done, total }) {
  at("working").hidden = !state;
  at("state").textContent = total ? `${state} ${done} of ${total} parts` : state;
  if (total) {
    at("progress").max = total;
    at("progress").value = done;
  } else {
    at("progress").removeAttribute("value");
  }
}

function showResult(photo, result) {
  const all = result.found.reduce((sum, label) => sum + (label.count ?? 0), 0);
  at("found").replaceChildren(
    ...result.found.map(({ name, rgb, count }) => {
      const item = document.createElement("li");
      const swatch = document.createElement("i");
      swatch.style.background = `rgb(${rgb})`;
      item.append(swatch, all ? `${name}: ${count} of ${all} parts, ${Math.round((100 * count) / all)} %` : name);
      return item;
    }),
  );
  URL.revokeObjectURL(at("original").src);
  URL.revokeObjectURL(at("overlay").src);
  at("original").src = URL.createObjectURL(photo);
  at("overlay").src = at("save").href = URL.createObjectURL(pictureOf(result.base64));
  at("save").download = `${photo.name.replace(/\.[^.]*$/, "")}-facies.png`;
  at("result").hidden = false;
  at("result").scrollIntoView({ behavior: "smooth", block: "nearest" });
}

function pictureOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}

function showError(sentence) {
  at("error").textContent = sentence;
  at("error").hidden = !sentence;
}

function choose(photo) {
  at("chosen").textContent = photo ? photo.name : "Drop a photo here or choose one";
  at("go").disabled = !photo;
}

at("photo").addEventListener("change", () => choose(at("photo").files[0]));
at("stop").addEventListener("click", () => stopped?.abort());
at("fade").addEventListener("input", () => {
  at("overlay").style.opacity = at("fade").value / 100;
});
at("overlay").addEventListener("load", () => {
  at("picture").classList.toggle("tall", at("overlay").naturalHeight > 2 * at("overlay").naturalWidth);
});

for (const radio of document.querySelectorAll("[name=kind]")) {
  radio.addEventListener("change", () => {
    at("key-row").hidden = !apis[radio.value].needsKey;
  });
}

for (const type of ["dragover", "dragleave", "drop"]) {
  at("drop").addEventListener(type, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", type === "dragover");
    if (type === "drop" && event.dataTransfer.files.length) {
      at("photo").files = event.dataTransfer.files;
      choose(at("photo").files[0]);
    }
  });
}

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const photo = at("photo").files[0];
  const api = apis[new FormData(at("form")).get("kind")];
  at("go").disabled = true;
  at("result").hidden = true;
  showError("");
  try {
    const result = await analyse(api, photo, at("key").value.trim());
    if (result) showResult(photo, result);
  } catch (error) {
    showError(error instanceof TypeError ? "The server cannot be reached. Try again." : error.message);
  } finally {
    show({});
    at("go").disabled = false;
    at("stop").hidden = true;
  }
});
