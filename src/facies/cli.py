"""The command line: parses, and hands on. `facies --help` is where a person starts."""

import json
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from facies import assembly, batch, logs, terminal
from facies.allocation import reuse_freed_memory
from facies.batch import Outcome
from facies.errors import FaciesError, OptionError, TrainingError
from facies.flags import takes_options, takes_settings
from facies.jobs.key import DEFAULT_SCOPES, Scope
from facies.options import Options
from facies.settings import Settings
from facies.training.progress import bars
from facies.version import __version__

EXIT_SOME_FAILED = 1
EXIT_WRONG_USAGE = 2
EXIT_INTERRUPTED = 130

_DAY_S = 24 * 60 * 60

app = typer.Typer(
    help="Turn photographs of the ground into maps of what is there.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # paragraphs are refilled to the terminal's width
)
models_app = typer.Typer(help="List, check, make and install model packages.", no_args_is_help=True)
keys_app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)
data_app = typer.Typer(help="Draw photos with their truth, from seeds.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(data_app, name="data")
app.add_typer(keys_app, name="keys")

ANALYSE_SETTINGS = (
    "data_dir",
    "models_dir",
    "max_pixels",
    "kept_pixels",
    "picture_pixels",
    "runtime",
    "runtime_streams",
    "fake_delay_s",
)
STORE_SETTINGS = ("data_dir", "database_url")
MODEL_SETTINGS = ("data_dir", "models_dir")


@app.callback(invoke_without_command=True)
def facies(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Turn photographs of the ground into maps of what is there.

    Every setting is a flag, an environment variable (FACIES_PORT=8000) and a line in facies.toml (port = 8000).

    The first of these that is given counts.
    """
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
@takes_settings()
def serve(*, settings: Settings) -> None:
    """Start the server: its APIs, the web pages and workers that look at the photos."""
    logs.configure(settings.log_level, sys.stderr)
    assembly.serve(settings, announce=terminal.show_server)


@app.command()
@takes_settings()
def worker(
    *,
    name: Annotated[str | None, typer.Option(help="The worker's name in the store; made up where not given.")] = None,
    settings: Settings,
) -> None:
    """Start one more worker on the same data folder or database; it runs until it is told to end."""
    logs.configure(settings.log_level, sys.stderr)
    assembly.run_worker(settings, name)


@app.command()
@takes_settings(*ANALYSE_SETTINGS)
@takes_options
def analyse(
    photos: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos.", show_default=False)],
    *,
    model: Annotated[str, typer.Option(help="Package: name or name@version.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Where the results go: one folder a photo.")] = Path("facies-results"),
    options: Mapping[str, Any],
    settings: Settings,
) -> None:
    """Analyse photos on this machine, without a server.

    Every photo gets a folder with overlay.png, labels.png or tiles.csv, and summary.json. Of one too large for a single
    picture the overlay is a deep zoom, overlay.dzi.zip, and the label map a tiled TIFF.

    A core's folder has intervals.csv too: its rock types from the top down, in metres where the depths are given.

    The table of all photos is summary.csv.

    Ends with 0 when all is done, 1 when some photos failed, 2 when the command makes no sense.
    """
    reuse_freed_memory()
    chosen = Options.from_json(options)
    found = batch.find_photos(photos)
    _check_depths(options, found)
    runtime = assembly.Runtimes(settings).get(model)
    chosen.applied_to(runtime.package.manifest)  # what does not suit the package is said once, not for every photo
    total = sum(batch.count_tiles(photo, runtime.package.manifest) for photo in found)
    with terminal.tiles_bar(total) as bar:
        advance = lambda tiles: bar.advance(bar.task_ids[0], tiles)  # noqa: E731
        outcomes = list(batch.analyse_all(found, runtime, out, chosen, assembly.sizes(settings), advance))
    runtime.close()
    _conclude(outcomes, found, out)


@app.command()
@takes_options
def submit(
    photos: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos.", show_default=False)],
    *,
    server: Annotated[str, typer.Option(help="Address of the server.")] = "http://localhost:5001",
    key: Annotated[
        str | None,
        typer.Option(help="API key, better given as a variable.", envvar="FACIES_KEY", show_default=False),
    ] = None,
    model: Annotated[str, typer.Option(help="Package: name or name@version.", show_default=False)],
    more_options: Annotated[
        str, typer.Option("--options", help='Of the analysis, JSON: {"threshold": 0.4}; flags go before.')
    ] = "{}",
    out: Annotated[Path, typer.Option(help="Where the results go: one folder a photo.")] = Path("facies-results"),
    options: Mapping[str, Any],
) -> None:
    """Have a server analyse photos, and fetch the results.

    Every photo gets a folder with its results; summary.csv is the table of all. A photo is sent again by itself where
    the line breaks, a large one from where it was. Ends with 0 when all is done, 1 when some photos failed, 2 when the
    command makes no sense.
    """
    from facies.client import Client  # the HTTP library is needed by few commands
    from facies.submit import submit_all

    wanted, found = {**_json_object(more_options), **options}, batch.find_photos(photos)
    _check_depths(wanted, found)
    with Client(server, key) as client, terminal.photo_bars(len(found)) as bars:
        outcomes = list(submit_all(found, client, model, wanted, out, bars))
    _conclude(outcomes, found, out)


@app.command()
@takes_settings("data_dir", "models_dir", "runtime", "fake_delay_s")
def bench(
    photos: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos.", show_default=False)],
    *,
    model: Annotated[str, typer.Option(help="Package: name, name@version, or its folder.", show_default=False)],
    repeats: Annotated[int, typer.Option(min=1, help="How often everything is timed; medians count.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Also write the figures as JSON.", show_default=False)] = None,
    settings: Settings,
) -> None:
    """Time an analysis on this machine beside the work that no design can avoid.

    *limit* is that work, decoding to PNG, each part timed alone and spread over all cores; *bare* is the inference.

    Close other programs first. For Facies beside other services, through HTTP, see `make bench`.
    """
    from facies import bench as timing  # it reads what no other command needs

    reuse_freed_memory()
    package, machine = assembly.find_package(model, settings), timing.describe_machine()
    load = lambda streams: assembly.load_runtime(package, settings.model_copy(update={"runtime_streams": streams}))  # noqa: E731
    timings = list(timing.time_photos(batch.find_photos(photos), load, repeats))
    terminal.show_timings(timings)
    if out is not None:
        figures = {"model": package.reference, "machine": machine, "photos": [each.to_json() for each in timings]}
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _check_depths(options: Mapping[str, Any], photos: Sequence[Path]) -> None:
    """Several photos cannot lie between the same two depths."""
    if len(photos) > 1 and not options.keys().isdisjoint({"depth_top_m", "depth_base_m"}):
        raise OptionError("--depth-top and --depth-base are those of one photo; send it on its own.")


def _conclude(outcomes: Iterable[Outcome], photos: Sequence[Path], out: Path) -> None:
    """Show what became of the photos, in the order in which they were given."""
    places = {photo: place for place, photo in enumerate(photos)}
    in_order = sorted(outcomes, key=lambda outcome: places[outcome.photo])
    terminal.show_outcomes(in_order, out)
    if any(outcome.error for outcome in in_order):
        raise typer.Exit(EXIT_SOME_FAILED)


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise OptionError(f"--options must be a JSON object, not {text!r}.")
    return value


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the photos and their overlays go.")] = Path("demo"),
) -> None:
    """Draw a reef photo and a core photo and send them through the two APIs of a server of their own."""
    from facies.demo import run  # the drawing is needed nowhere else

    for path in run(out):
        typer.echo(path)


@app.command()
def train(
    plan: Annotated[Path, typer.Argument(help="The plan, TOML; those of the shipped packages are in plans/.")],
    *,
    data: Annotated[Path, typer.Option(help="The folder that the plan's paths start from.")],
    out: Annotated[Path, typer.Option(help="Where the package goes, in a folder of its name.")] = Path("runs"),
    threads: Annotated[int, typer.Option(min=0, help="Processor threads; 0: automatic.")] = 0,
) -> None:
    """Train a package as a plan says: folds and scores, then the weights, then the manifest and the card.

    Needs the train extra. A run that was interrupted goes on where it stopped.
    """
    try:
        from facies.training.train import train as run
    except ModuleNotFoundError as error:
        raise TrainingError(f"Training needs {error.name}: pip install 'facies[train]'.") from error
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what a scheduler asks for is told as Ctrl-C is
    try:
        with bars(terminal.notes) as report:
            package = run(plan, data, out, threads=threads, report=report)
    except KeyboardInterrupt:
        terminal.notes.print("Interrupted. The same command goes on from the last checkpoint.")
        raise
    typer.echo(package.path)


@app.command()
@takes_settings(*MODEL_SETTINGS, "runtime", "runtime_streams")
def evaluate(
    package: Annotated[str, typer.Argument(help="name, name@version, or a package's folder.", show_default=False)],
    *,
    data: Annotated[Path, typer.Option(help="The labelled pictures.", show_default=False)],
    layout: Annotated[
        Path | None, typer.Option(help="How they are labelled: TOML with [[data]] tables, as in a training plan.")
    ] = None,
    trained_on: Annotated[Path | None, typer.Option(help="The training data, to look for leaks.")] = None,
    trained_on_layout: Annotated[Path | None, typer.Option(help="How these are labelled.")] = None,
    split: Annotated[str, typer.Option(help="grouped, or random, which flatters; the page then says so.")] = "grouped",
    out: Annotated[Path, typer.Option(help="Where the page and the JSON file go.")] = Path("evaluation"),
    settings: Settings,
) -> None:
    """Measure a package on labelled pictures, through the analysis that is served.

    Writes evaluation.html, which needs nothing else, and evaluation.json. Folders named for the classes, images/ beside
    masks/, and NOAA's patches are recognised; anything else needs a layout.
    """
    from facies.training.evaluate import SPLITS, Source
    from facies.training.evaluate import evaluate as run

    if split not in SPLITS:
        raise TrainingError(f"--split must be one of {', '.join(SPLITS)}, not {split!r}.")
    if settings.runtime == "fake":
        raise TrainingError(
            "The fake runtime makes its answers up, so scores of them would be too; set another runtime."
        )
    runtime = assembly.load_runtime(assembly.find_package(package, settings), settings)
    training = None if trained_on is None else Source(trained_on, trained_on_layout)
    with bars(terminal.notes) as report:
        typer.echo(run(runtime, Source(data, layout), out, trained_on=training, split=split, report=report))
    runtime.close()


@data_app.command("synth-cores")
def synth_cores(
    out: Annotated[Path, typer.Option(help="Where images/ and masks/ go.", show_default=False)],
    *,
    count: Annotated[int, typer.Option(min=1, help="How many photos.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the first; the others follow by one.")] = 0,
    height: Annotated[int, typer.Option(min=64, help="Rows of each.")] = 2500,
    width: Annotated[int, typer.Option(min=64, help="Columns of each.")] = 384,
) -> None:
    """Draw photos of drill cores with masks, every pixel the number of its rock type (0: background).

    The same seeds give the same photos on any machine. `facies evaluate rock-types --data OUT` takes them as they are.
    """
    from facies.training.synth_cores import write

    with bars(terminal.notes) as report:
        write(out, count, seed, height=height, width=width, on_written=partial(report, "cores"))
    typer.echo(out)


@data_app.command("synth-reefs")
def synth_reefs(
    out: Annotated[Path, typer.Option(help="Where images/ and masks/ go.", show_default=False)],
    *,
    count: Annotated[int, typer.Option(min=1, help="How many photos.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the first; the others follow by one.")] = 0,
    height: Annotated[int, typer.Option(min=64, help="Rows of each.")] = 1952,
    width: Annotated[int, typer.Option(min=64, help="Columns of each.")] = 2928,
) -> None:
    """Draw photos of reefs with masks: 0 neither, 1 healthy coral, 2 bleached coral."""
    from facies.training.synth_reefs import write

    with bars(terminal.notes) as report:
        write(out, count, seed, height=height, width=width, on_written=partial(report, "reefs"))
    typer.echo(out)


@models_app.command("list")
@takes_settings(*MODEL_SETTINGS)
def list_models(*, settings: Settings) -> None:
    """List the packages."""
    terminal.show_models([manifest for _, manifest in assembly.registry(settings).manifests()])


@models_app.command("show")
@takes_settings(*MODEL_SETTINGS)
def show_model(
    name: Annotated[str, typer.Argument(help="name or name@version", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The manifest as JSON, with the folder as `path`.")] = False,
    settings: Settings,
) -> None:
    """Show a package's card, or its manifest as JSON."""
    package = assembly.registry(settings).get(name)
    if as_json:
        typer.echo(json.dumps({**package.manifest.model_dump(mode="json"), "path": str(package.path)}, indent=2))
    else:
        terminal.show_card(package.card)
        terminal.show_domain(package.manifest)


@models_app.command("add")
@takes_settings(*MODEL_SETTINGS)
def add_model(
    source: Annotated[Path, typer.Argument(help="A package's folder, or a zip of it.", show_default=False)],
    *,
    settings: Settings,
) -> None:
    """Check a package and install it in the data folder; a version that is there is never replaced.

    Packages are never fetched from the network: download one, look where it comes from, then add it.
    """
    typer.echo(assembly.add_package(source, settings).path)


@models_app.command("new")
def new_model(
    weights: Annotated[Path, typer.Option("--from", help="The network: .onnx, .tflite, or .xml with its .bin.")],
    name: Annotated[str, typer.Option(help="Of the package: small letters, digits, hyphens.")],
    classes: Annotated[str, typer.Option(help="Names in the network's order: a,b,c or a file with one a line.")],
    *,
    version: Annotated[str, typer.Option(help="Of the package.")] = "1.0.0",
    out: Annotated[Path, typer.Option(help="Where the package goes, in a folder name-version.")] = Path(),
    title: Annotated[str, typer.Option(help="One line for people.")] = "",
    author: Annotated[str, typer.Option(help="Who made the network.")] = "unknown",
    licence: Annotated[str, typer.Option(help="Of the weights.")] = "unknown",
    bgr: Annotated[bool, typer.Option("--bgr", help="The network takes blue, green, red.")] = False,
    mean: Annotated[str, typer.Option(help="Of float networks, 0 to 255: one number or three.")] = "",
    std: Annotated[str, typer.Option(help="Of float networks: it takes (pixel - mean) / std.")] = "",
    tile: Annotated[int | None, typer.Option(min=1, help="Side of a tile, pixels; the input's by default.")] = None,
    positive: Annotated[str | None, typer.Option(help="Of two classes, the one that is looked for.")] = None,
    background: Annotated[str | None, typer.Option(help="The class that is never painted.")] = None,
) -> None:
    """Make a package out of anybody's weights.

    The input's size, layout and type, the task and the kind of output are read from the network, and a self-test is
    stored. Fill in the card, then install the package with `facies models add`.
    """
    from facies.models import new_package  # OpenVINO is needed by no other command of this group but verify

    wish = new_package.Wish(
        name=name,
        version=version,
        classes=new_package.read_class_names(classes),
        title=title,
        author=author,
        licence=licence,
        colour="BGR" if bgr else "RGB",
        mean=new_package.read_numbers(mean),
        std=new_package.read_numbers(std),
        tile=tile,
        positive=positive,
        background=background,
    )
    typer.echo(new_package.new_package(weights, out / f"{name}-{version}", wish).path)


@models_app.command("fit-domain")
def fit_domain(
    package: Annotated[Path, typer.Argument(help="Folder of a package that is being made.", show_default=False)],
    *,
    plan: Annotated[Path, typer.Option(help="The package's training plan, with a [domain] table.")],
    data: Annotated[Path, typer.Option(help="The folder that the plan's paths start from.")],
) -> None:
    """Fit, or fit again, what a package knows of the photos it is for: the step that ends `facies train`.

    Writes domain.npy, the limit and how well strange pictures are told into the package, and fills in its card. The
    weights are not touched and no answer changes. Needs the training pictures, but not the train extra.
    """
    from facies.models.package import load_package
    from facies.training.card import write_card
    from facies.training.domain import add_domain
    from facies.training.plan import read_plan

    wanted = read_plan(plan)
    with bars(terminal.notes) as report:
        made = add_domain(load_package(package), wanted, plan.parent, data, report)
    write_card(made, wanted, plan.parent)
    typer.echo(made.path)


@models_app.command("verify")
@takes_settings(*MODEL_SETTINGS)
def verify_models(*, settings: Settings) -> None:
    """Check every package's manifest, files and checksum and run its self-test; ends with 1 if one is wrong."""
    problems = assembly.registry(settings).verify(assembly.check_package)
    for reference, problem in problems.items():
        terminal.show_check(reference, problem)
    if any(problems.values()):
        raise typer.Exit(EXIT_SOME_FAILED)


@keys_app.command("create")
@takes_settings(*STORE_SETTINGS)
def create_key(
    name: Annotated[str, typer.Argument(help="Whose key it is, for the list.", show_default=False)],
    *,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it opens; may be given again. Jobs and models by default.")
    ] = None,
    days: Annotated[
        float | None, typer.Option(min=0.0, help="How long it opens anything; for ever by default.")
    ] = None,
    rate: Annotated[int | None, typer.Option(min=1, help="Requests a minute; any number by default.")] = None,
    settings: Settings,
) -> None:
    """Make a key and print it. It is shown this once; the store keeps only its hash."""
    lifetime_s = None if days is None else days * _DAY_S
    with assembly.open_store(settings) as store:
        made = store.keys.create(name, scopes=scope or DEFAULT_SCOPES, lifetime_s=lifetime_s, requests_per_minute=rate)
    typer.echo(made[1])


@keys_app.command("list")
@takes_settings(*STORE_SETTINGS)
def list_keys(*, settings: Settings) -> None:
    """List the keys: names, first characters, what they open, dates."""
    with assembly.open_store(settings) as store:
        terminal.show_keys(store.keys.list_all())


@keys_app.command("revoke")
@takes_settings(*STORE_SETTINGS)
def revoke_key(
    name: Annotated[str, typer.Argument(help="Name of the key.", show_default=False)],
    *,
    settings: Settings,
) -> None:
    """Revoke a key: from now on it opens nothing."""
    with assembly.open_store(settings) as store:
        store.keys.revoke(name)


def main() -> None:
    """Run the command line. What is wrong with the request is one sentence on standard error, and exit code 2."""
    try:
        app()
    except FaciesError as error:
        terminal.show_error(str(error))
        sys.exit(EXIT_WRONG_USAGE)
    except OSError as error:
        if error.filename is None:
            raise
        terminal.show_error(f"{error.filename} cannot be used: {error.strerror}.")
        sys.exit(EXIT_WRONG_USAGE)
    except SystemExit as leaving:
        if isinstance(leaving.__context__, typer.Abort):
            # Ctrl-C: Python would wait for every thread that still listens to a server or looks at a photo.
            os._exit(EXIT_INTERRUPTED)
        raise
