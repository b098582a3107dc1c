"""What every runtime must do, run by every runtime."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from facies.errors import RuntimeClosedError
from facies.models.fake import FakeRuntime
from facies.models.openvino import OpenVinoRuntime
from facies.models.registry import SHIPPED, Registry
from facies.models.runtime import Batch
from tests.data.networks import map_package, tile_package

RUNTIMES = {"fake": FakeRuntime, "openvino": OpenVinoRuntime}
TASKS = {"tiles": tile_package, "map": map_package}


@pytest.fixture(params=RUNTIMES)
def make(request, tmp_path):
    made = []

    def make_runtime(task: str):
        made.append(RUNTIMES[request.param](TASKS[task](tmp_path / task)))
        return made[-1]

    yield make_runtime
    for runtime in made:
        runtime.close()


def tiles_of(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize("task", TASKS)
class TestEveryRuntime:
    def test_probabilities_have_their_shape_and_sum_to_one(self, make, task):
        runtime = make(task)
        classes = len(runtime.package.manifest.classes)
        for count in range(1, runtime.batch_size + 1):
            probs = runtime.submit(tiles_of(count)).result().probs
            assert probs.dtype == np.float32
            assert probs.shape == ((count, classes) if task == "tiles" else (count, classes, 16, 16))
            np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)

    def test_light_tiles_belong_to_the_last_class_and_dark_ones_to_the_first(self, make, task):
        runtime = make(task)
        for value, index in ((255, -1), (0, 0)):
            probs = runtime.submit(np.full((1, 16, 16, 3), value, np.uint8)).result().probs
            assert (np.take(probs, index, axis=1) > 0.9).all()

    def test_a_tile_is_answered_alike_alone_and_in_company(self, make, task):
        runtime = make(task)
        tiles = tiles_of(runtime.batch_size)
        together = runtime.submit(tiles).result().probs
        alone = np.concatenate([runtime.submit(tile[None]).result().probs for tile in tiles])
        np.testing.assert_allclose(together, alone, atol=1e-6)

    def test_tiles_may_be_made_when_their_turn_comes(self, make, task):
        runtime = make(task)
        tiles = tiles_of(runtime.batch_size)
        batch = Batch([lambda tile=tile: tile for tile in tiles])
        assert len(batch) == runtime.batch_size
        np.testing.assert_array_equal(runtime.submit(batch).result().probs, runtime.submit(tiles).result().probs)

    def test_what_goes_wrong_in_making_a_tile_is_told_to_whoever_waits(self, make, task):
        def broken():
            raise ValueError("broken")

        runtime = make(task)
        with pytest.raises(ValueError, match="broken"):
            runtime.submit(Batch([broken])).result()
        assert runtime.submit(tiles_of(1)).result()

    def test_tiles_are_not_changed(self, make, task):
        runtime, tiles = make(task), tiles_of(1)
        before = tiles.copy()
        runtime.submit(tiles).result()
        np.testing.assert_array_equal(tiles, before)

    def test_answers_stay_as_they_are_while_others_are_computed(self, make, task):
        runtime = make(task)
        first = runtime.submit(tiles_of(1, seed=1)).result().probs
        before = first.copy()
        for seed in range(20):
            runtime.submit(tiles_of(1, seed=seed)).result()
        np.testing.assert_array_equal(first, before)

    def test_threads_share_it(self, make, task):
        runtime = make(task)
        expected = {seed: runtime.submit(tiles_of(1, seed)).result().probs for seed in range(8)}
        with ThreadPoolExecutor(8) as threads:
            answers = threads.map(lambda seed: (seed, runtime.submit(tiles_of(1, seed)).result()), list(range(8)) * 8)
            for seed, answer in answers:
                np.testing.assert_array_equal(answer.probs, expected[seed])

    def test_cancelling_spoils_nothing_for_others(self, make, task):
        runtime = make(task)
        expected = {seed: runtime.submit(tiles_of(1, seed)).result().probs for seed in range(8)}
        for _ in range(20):
            sent = {seed: runtime.submit(tiles_of(1, seed)) for seed in range(8)}
            for seed in range(0, 8, 2):
                sent[seed].cancel()
            for seed in range(1, 8, 2):
                np.testing.assert_array_equal(sent[seed].result().probs, expected[seed])

    def test_closing_finishes_what_was_sent_and_takes_no_more(self, make, task):
        runtime = make(task)
        sent = [runtime.submit(tiles_of(1, seed)) for seed in range(6)]
        runtime.close()
        assert all(future.done() and future.exception() is None for future in sent)
        with pytest.raises(RuntimeClosedError):
            runtime.submit(tiles_of(1))
        runtime.close()


@pytest.mark.parametrize("runtime_class", RUNTIMES.values(), ids=RUNTIMES)
@pytest.mark.parametrize("name", ["coral-bleaching", "rock-types"])
def test_a_package_with_a_domain_gets_a_score_a_tile(runtime_class, name):
    package = Registry([SHIPPED]).get(name)
    assert package.manifest.domain is not None
    with closing(runtime_class(package)) as runtime:
        shape = (runtime.batch_size, *package.manifest.input.size_hw, 3)
        scores = runtime.submit(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)).result().domain_scores
    assert scores.shape == (runtime.batch_size,)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
