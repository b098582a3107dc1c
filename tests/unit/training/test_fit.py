import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from facies.training.fit import Task, fit  # noqa: E402
from facies.training.plan import Schedule  # noqa: E402
from facies.training.progress import silent  # noqa: E402

pytestmark = pytest.mark.train

STEPS = 5


class InterruptedByTestError(Exception):
    pass


def line():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))


def task_of(network):
    def batches(rng):
        for _ in range(STEPS):
            x = torch.from_numpy(rng.normal(size=(16, 3))).float()
            yield x, x.sum(1, keepdim=True)

    def loss(batch):
        x, y = batch
        return torch.nn.functional.mse_loss(network(x), y)

    return Task("line", [(list(network.parameters()), 0.01)], batches, loss, STEPS)


def run(folder, report=silent, epochs=6):
    folder.mkdir(exist_ok=True)
    network = line()
    return fit(network, task_of(network), Schedule(epochs=epochs, average_decay=0.5), 1, folder, report)


def weights(network):
    return torch.cat([parameter.flatten() for parameter in network.parameters()])


def test_the_loss_falls_and_every_step_is_reported(tmp_path):
    seen = []
    run(tmp_path, lambda name, done, total, loss=None: seen.append((name, done, total, loss)), epochs=12)
    assert [done for _, done, _, _ in seen] == list(range(1, 12 * STEPS + 1))
    assert seen[-1][3] < seen[0][3]


def test_the_same_seed_gives_the_same_weights(tmp_path):
    assert torch.equal(weights(run(tmp_path / "a")), weights(run(tmp_path / "b")))


def test_a_run_that_was_interrupted_ends_where_the_other_ends(tmp_path):
    def interrupt(name, done, total, loss=None):
        if done == 3 * STEPS + 2:
            raise InterruptedByTestError

    with pytest.raises(InterruptedByTestError):
        run(tmp_path / "a", interrupt)
    seen = []
    resumed = run(tmp_path / "a", lambda name, done, total, loss=None: seen.append(done))
    assert seen[0] == 3 * STEPS + 1
    assert torch.equal(weights(resumed), weights(run(tmp_path / "b")))


def test_a_finished_run_is_not_repeated(tmp_path):
    first = run(tmp_path)
    seen = []
    assert torch.equal(weights(run(tmp_path, lambda *progress: seen.append(progress))), weights(first))
    assert not seen
