"""The store's figures in the words of Prometheus.

The work is done in other processes, so nothing is counted in this one but what the process itself uses: every answer is
read from the store, and every server on the same store gives the same. Labels are statuses, codes of errors and model
packages, never anything a client chose.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from facies.jobs.figures import Figures, Histogram
from facies.version import __version__

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What `/metrics` answers."""

    def __init__(self, read_figures: Callable[[], Figures]) -> None:
        """Make it.

        Args:
            read_figures: asked once a scrape.
        """
        self._read_figures = read_figures
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """Everything, in Prometheus' text format.

        Raises:
            StoreError: the store does not answer.
        """
        families = list(_families(self._read_figures()))
        snapshot = CollectorRegistry()
        snapshot.register(_Snapshot(families))
        return generate_latest(snapshot) + generate_latest(self._registry)


class _Snapshot(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _families(figures: Figures) -> Iterator[Metric]:
    yield InfoMetricFamily("facies_build", "What is running.", {"version": __version__})
    yield GaugeMetricFamily("facies_queue_depth", "Jobs that wait.", figures.waiting)
    yield GaugeMetricFamily(
        "facies_queue_oldest_seconds", "How long the oldest job that waits has waited.", figures.oldest_waiting_s
    )
    yield GaugeMetricFamily("facies_jobs_running", "Jobs that a worker has in hand.", figures.running)
    yield GaugeMetricFamily("facies_workers", "Workers that are alive.", figures.workers)
    yield CounterMetricFamily("facies_jobs_submitted", "Jobs ever sent.", figures.submitted)
    ended = CounterMetricFamily(
        "facies_jobs_ended", "Jobs that ended with a worker; code says why one failed.", labels=("status", "code")
    )
    for (status, code), count in sorted(figures.ended.items()):
        ended.add_metric((status, code), count)
    yield ended
    yield _histogram(
        "facies_job_wait_seconds", "From being sent to the last attempt's begin, of jobs that ended.", figures.wait
    )
    yield _histogram("facies_job_run_seconds", "How long the last attempt took, of jobs that ended.", figures.run)
    yield CounterMetricFamily(
        "facies_tiles", "Tiles of jobs that finished; rate(facies_tiles_total[5m]) is tiles a second.", figures.tiles
    )
    load = GaugeMetricFamily("facies_model_load_seconds", "How long a model last took to load.", labels=("model",))
    for model, seconds in sorted(figures.load_s.items()):
        load.add_metric((model,), seconds)
    yield load


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    bounds = [*map(str, histogram.bounds_s), "+Inf"]
    return HistogramMetricFamily(
        name, text, buckets=list(zip(bounds, accumulate(histogram.counts), strict=True)), sum_value=histogram.sum_s
    )
