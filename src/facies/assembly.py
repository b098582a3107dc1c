"""The only place where concrete back ends are chosen and wired together.

Heavy rooms are imported where they are needed: `facies analyse` opens no database, and a worker no web server.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from facies.allocation import reuse_freed_memory, spare_what_is_loaded
from facies.cores import count_cores
from facies.errors import FaciesError, PackageError, RuntimeClosedError, SettingsError, StoreError
from facies.imaging.sizes import Sizes
from facies.models.fake import FakeRuntime
from facies.models.package import MANIFEST_NAME, Manifest, Package, Precision, load_package
from facies.models.registry import SHIPPED, Registry
from facies.models.runtime import Runtime
from facies.priority import let_others_go_first
from facies.recurring import recurring
from facies.settings import Settings

if TYPE_CHECKING:
    from facies.jobs.store import JobStore
    from facies.jobs.uploads import Uploads
    from facies.web.app import WebConfig

Announce = Callable[[str, Sequence[Manifest], Path, Mapping[str, bool], str | None], None]

_SEAL_NAME = "secret.key"
# One waits for the interpreter while another works: two processes on four cores did 1.5 times as many photos as one,
# and three or four no more.
_CORES_A_WORKER = 2
_FEWEST_WORKERS, _MOST_WORKERS = 2, 4
_FIRST_KEY_NAME = "first"
_SWEEP_INTERVAL_S = 60.0
_CALL_INTERVAL_S = 1.0

_log = logging.getLogger(__name__)


class Runtimes:
    """Compiled models, each loaded when it is first asked for and kept."""

    def __init__(
        self, settings: Settings, on_load: Callable[[str, float], None] = lambda _model, _seconds: None
    ) -> None:
        """Make it; nothing is loaded yet.

        Args:
            settings: which back end, and where the packages are.
            on_load: told the model and the seconds it took whenever one was loaded.
        """
        self._settings = settings
        self._on_load = on_load
        self._registry = registry(settings)
        self._loaded: dict[str, Runtime] = {}
        self._is_closed = False
        self._lock = Lock()

    def get(self, reference: str) -> Runtime:
        """The runtime of `name` or `name@version`.

        Raises:
            UnknownModelError: there is no such package.
            PackageError: it cannot be loaded.
            RuntimeClosedError: these runtimes were closed.
        """
        with self._lock:
            if self._is_closed:
                raise RuntimeClosedError("The runtimes are closed.")
            if reference not in self._loaded:
                began_at = time.monotonic()
                self._loaded[reference] = load_runtime(self._registry.get(reference), self._settings)
                self._on_load(reference, time.monotonic() - began_at)
            return self._loaded[reference]

    def load_ahead(self, references: Iterable[str]) -> None:
        """Load models before anybody asks for them. What cannot be loaded is logged; who asks for it will hear why."""
        for reference in references:
            try:
                self.get(self._registry.get(reference).manifest.reference)
            except RuntimeClosedError:
                return
            except FaciesError as error:
                _log.warning("%s could not be loaded ahead: %s", reference, error)

    def close(self) -> None:
        """Close every runtime."""
        with self._lock:
            self._is_closed = True
            for runtime in self._loaded.values():
                runtime.close()
            self._loaded.clear()


@cache
def shared_runtimes() -> Runtimes:
    """The runtimes of this process, by the settings it finds."""
    return Runtimes(Settings.read())


def sizes(settings: Settings) -> Sizes:
    """From how many pixels on a photo is treated otherwise."""
    return Sizes(settings.max_pixels, settings.kept_pixels, settings.picture_pixels)


def registry(settings: Settings) -> Registry:
    """The shipped packages and the user's own."""
    return Registry([SHIPPED, settings.more_models_dir])


def find_package(reference: str, settings: Settings) -> Package:
    """A package by its folder, or by `name` or `name@version`.

    Raises:
        UnknownModelError: there is no such package.
        PackageError: it is not sound.
    """
    folder = Path(reference)
    return load_package(folder) if (folder / MANIFEST_NAME).is_file() else registry(settings).get(reference)


def load_runtime(package: Package, settings: Settings) -> Runtime:
    """Compile a package for the runtime that the settings name."""
    if settings.runtime == "fake":
        return FakeRuntime(package, settings.fake_delay_s)
    from facies.models.openvino import OpenVinoRuntime

    runtime = OpenVinoRuntime(package, settings.runtime_streams)
    if runtime.precision == "f32" or _answers_as_before(package, runtime):
        return runtime
    runtime.close()
    return OpenVinoRuntime(package, settings.runtime_streams, "f32")


def _answers_as_before(package: Package, runtime: Runtime) -> bool:
    """Whether the arithmetic of this processor is as good as that with which the package was measured."""
    from facies.models import self_test

    if package.manifest.self_test is None:
        return True
    try:
        self_test.run(package, runtime)
    except PackageError as error:
        _log.warning("%s is run in f32, more slowly: %s", package.reference, error)
        return False
    return True


def check_package(package: Package) -> None:
    """Let a package's network answer once and, where the package has a self-test, run it.

    Both in the precision of its weights and in f32, which processors that do not have that take, and which may be a
    file of its own.

    Raises:
        PackageError: the network cannot be run, or says something else than it did when the package was made.
    """
    from facies.models import self_test
    from facies.models.openvino import OpenVinoRuntime

    precisions: dict[Precision, None] = dict.fromkeys((package.manifest.weights.precision, "f32"))
    for precision in precisions:
        runtime = OpenVinoRuntime(package, streams=1, precision=precision)
        try:
            if package.manifest.self_test is not None:
                self_test.run(package, runtime)
        finally:
            runtime.close()


def add_package(source: Path, settings: Settings) -> Package:
    """Install a package beside the user's others.

    Args:
        source: its folder, or a zip of it.
        settings: where the user's packages are.

    Raises:
        PackageError: it is not sound, or there is that version of it already.
    """
    from facies.models.install import install

    def check(package: Package) -> None:
        for folder, manifest in registry(settings).manifests():
            if manifest.reference == package.reference:
                raise PackageError(f"{package.reference} is there already: {folder}. A version is never replaced.")
        check_package(package)

    return install(source, settings.more_models_dir, check)


@contextmanager
def open_store(settings: Settings) -> Iterator["JobStore"]:
    """The job store, closed at the end.

    Raises:
        SettingsError: the data folder cannot be made or written to.
        StoreError: the database cannot be opened.
    """
    from facies.jobs.sealing import Seal
    from facies.jobs.store import JobStore

    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        seal = Seal.of_file(settings.data_dir / _SEAL_NAME)
    except OSError as error:
        raise SettingsError(
            f"The data folder {settings.data_dir} cannot be used: {error.strerror}. Choose another with --data-dir."
        ) from error
    store = JobStore.open(
        settings.store_url, seal, queue_limit=settings.queue_limit, time_to_live_s=settings.time_to_live_s
    )
    try:
        yield store
    finally:
        store.close()


def run_worker(settings: Settings, name: str | None) -> None:
    """Work on jobs until the process is told to end.

    Raises:
        SettingsError: the photos are in another data folder, so that every job would fail.
    """
    from facies.jobs.blobs import LocalBlobs
    from facies.jobs.worker import Worker

    reuse_freed_memory()
    let_others_go_first(settings.worker_niceness)
    with open_store(settings) as store:
        if not store.shares_data_folder():
            raise SettingsError(
                f"The photos of these jobs are in another data folder than {settings.data_dir}. Give the worker the "
                "--data-dir of the server, or a --database-url of its own."
            )
        runtimes = Runtimes(settings, on_load=lambda model, seconds: _note_load_time(store, model, seconds))
        worker = Worker(
            store,
            LocalBlobs(settings.blobs_dir),
            runtimes.get,
            name,
            threads=settings.worker_threads,
            lease_s=settings.lease_s,
            sizes=sizes(settings),
            checkpoint_after_s=settings.checkpoint_after_s,
        )
        spare_what_is_loaded()
        expected = (settings.coral_model, settings.rock_model)
        loader = Thread(target=runtimes.load_ahead, args=(expected,), name="loader", daemon=True)
        loader.start()
        worker.run_until_signalled()
        runtimes.close()
        loader.join()


def _note_load_time(store: "JobStore", model: str, seconds: float) -> None:
    try:
        store.note_load_time(model, seconds)
    except StoreError as error:  # a figure is not worth a job
        _log.warning("How long %s took to load could not be written down: %s", model, error)


def serve(settings: Settings, *, announce: Announce) -> None:
    """Serve until the process is told to end.

    Args:
        settings: everything.
        announce: called once the server answers, with its address, the packages, the data folder, what needs a key,
            and the first key if it was just made.

    Raises:
        SettingsError: the address is taken or not this machine's, or others could reach it without a key.
        PackageError: a package that a dialect needs is missing or damaged.
    """
    from facies.jobs.blobs import LocalBlobs
    from facies.web import server
    from facies.web.app import create_app
    from facies.web.dialects import coral, rock
    from facies.web.webhooks import WebhookCaller, trusted

    _check_exposure(settings)
    references = {coral.NAME: settings.coral_model, rock.NAME: settings.rock_model}
    served = {dialect: registry(settings).get(reference) for dialect, reference in references.items()}
    with server.listen(settings.host, settings.port) as listener, open_store(settings) as store:
        if store.note_data_folder():
            _log.warning("The server of these jobs had another data folder than %s before.", settings.data_dir)
        first_key = None if store.keys.has_any() else store.keys.create(_FIRST_KEY_NAME)[1]
        uploads, packages = _uploads(settings, store), registry(settings)
        tls = trusted(settings.webhook_authorities)
        caller = WebhookCaller(store.calls, time.time, allow_private=settings.private_webhooks, tls=tls)
        app = create_app(_web_config(settings), store, LocalBlobs(settings.blobs_dir), served, packages, uploads)
        manifests = [package.manifest for package in served.values()]
        with (
            _supervised_workers(settings, store),
            recurring("upload sweeper", uploads.sweep, _SWEEP_INTERVAL_S),
            recurring("webhook caller", caller.call_all, _CALL_INTERVAL_S),
        ):
            server.run(
                app,
                listener,
                lambda address: announce(address, manifests, settings.data_dir, _needs_key(settings), first_key),
                server.Ending(settings.notice_s, settings.drain_s),
            )


@contextmanager
def _supervised_workers(settings: Settings, store: "JobStore") -> Iterator[None]:
    from facies.jobs.supervisor import Supervisor

    wanted = settings.workers
    count = min(max(count_cores() // _CORES_A_WORKER, _FEWEST_WORKERS), _MOST_WORKERS) if wanted is None else wanted
    command, environment = [sys.executable, "-m", "facies", "worker"], settings.as_environment()
    supervisors = [Supervisor(command, environment, on_death=store.release_worker) for _ in range(count)]
    for supervisor in supervisors:
        supervisor.start()
    try:
        yield
    finally:
        Supervisor.stop_all(supervisors)


def _uploads(settings: Settings, store: "JobStore") -> "Uploads":
    from facies.jobs.uploads import Uploads

    return Uploads(
        store.uploads,
        settings.uploads_dir,
        max_bytes=settings.max_resumable_bytes,
        time_to_live_s=settings.upload_time_to_live_s,
    )


def _check_exposure(settings: Settings) -> None:
    """Nobody should open a server to a whole network by accident.

    Raises:
        SettingsError: it would be.
    """
    from facies.web.auth import is_local

    if not (is_local(settings.host) or settings.require_keys or settings.open_to_anyone):
        raise SettingsError(
            f"{settings.host} can be reached by others. Set --require-keys, so that every API needs a key of "
            "`facies keys create`, or --open-to-anyone if that is what you want."
        )


def _closes_metrics(settings: Settings) -> bool:
    from facies.web.auth import is_local

    chosen = settings.metrics_requires_key
    return not is_local(settings.host) if chosen is None else chosen


def _needs_key(settings: Settings) -> dict[str, bool]:
    """Of each of the server's doors, whether it wants a key."""
    return {
        "the coral API": settings.closes_coral,
        "the rock API": True,
        "the native API and the app": settings.require_keys,
        "/metrics": _closes_metrics(settings),
    }


def _web_config(settings: Settings) -> "WebConfig":
    from facies.web.app import WebConfig
    from facies.web.auth import is_local

    return WebConfig(
        max_upload_bytes=settings.max_upload_bytes,
        max_pixels=settings.max_pixels,
        coral_requires_key=settings.closes_coral,
        native_requires_key=settings.require_keys,
        metrics_requires_key=_closes_metrics(settings),
        only_local=is_local(settings.host) and not settings.open_to_anyone,
        default_mask_weight=settings.default_mask_weight,
        cors_origins=settings.cors_origins,
        private_webhooks=settings.private_webhooks,
        source_url=settings.source_url,
    )
