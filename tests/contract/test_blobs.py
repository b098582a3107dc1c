"""What every place for blobs does."""

import threading
import uuid

import pytest

from facies.errors import UnknownJobError
from facies.jobs.blobs import LocalBlobs
from tests.data.folders import files_below

HOSTILE = ["", ".", "..", "../x", "a/b", "/etc/passwd", "\0", "x\0", "\udcff", ".hidden", "a" * 300, "X" * 36]


class BlobsContract:
    """The tests; a back end adds the fixtures `blobs` and `leftovers`, what is really there."""

    @pytest.fixture
    def job_id(self):
        return str(uuid.uuid4())

    def test_a_blob_is_what_was_written(self, blobs, job_id):
        with blobs.create(job_id, "overlay-legend.png") as blob:
            blob.write(b"one, ")
            assert not blobs.exists(job_id, "overlay-legend.png")
            blob.write(b"two")
        with blobs.open(job_id, "overlay-legend.png") as file:
            assert file.read() == b"one, two"
        assert blobs.path(job_id, "overlay-legend.png").read_bytes() == b"one, two"
        assert blobs.size(job_id, "overlay-legend.png") == 8
        assert blobs.exists(job_id, "overlay-legend.png")

    def test_a_blob_may_be_empty(self, blobs, job_id):
        with blobs.create(job_id, "photo"):
            pass
        assert blobs.size(job_id, "photo") == 0

    def test_a_new_blob_replaces_an_old_one(self, blobs, job_id, leftovers):
        write(blobs, job_id, "photo", b"old and long")
        with blobs.open(job_id, "photo") as reader:
            write(blobs, job_id, "photo", b"new")
            assert reader.read() == b"old and long"
        assert blobs.path(job_id, "photo").read_bytes() == b"new"
        assert len(leftovers()) == 1

    def test_a_writer_that_fails_leaves_nothing(self, blobs, job_id, leftovers):
        with pytest.raises(ZeroDivisionError):
            half_write(blobs, job_id, "photo")
        assert not blobs.exists(job_id, "photo")
        assert leftovers() == []
        assert list(blobs.jobs()) == []

    def test_a_writer_that_fails_leaves_the_others(self, blobs, job_id, leftovers):
        write(blobs, job_id, "photo", b"old")
        with pytest.raises(ZeroDivisionError):
            half_write(blobs, job_id, "photo")
        assert blobs.path(job_id, "photo").read_bytes() == b"old"
        assert len(leftovers()) == 1

    def test_several_blobs_appear_together(self, blobs, job_id):
        write(blobs, job_id, "tiles.csv", b"old")
        with blobs.create_several(job_id) as several:
            for name in ("overlay.png", "tiles.csv", "tiles.json"):
                with several.create(name) as blob:
                    blob.write(name.encode() * 300_000)
            assert blobs.names(job_id) == ["tiles.csv"]
            assert blobs.path(job_id, "tiles.csv").read_bytes() == b"old"
        for name in ("overlay.png", "tiles.csv", "tiles.json"):
            assert blobs.path(job_id, name).read_bytes() == name.encode() * 300_000

    def test_of_several_blobs_none_appears_after_an_error(self, blobs, job_id, leftovers):
        with pytest.raises(ZeroDivisionError):
            half_write_several(blobs, job_id, "tiles.csv", "overlay.png")
        assert leftovers() == []
        assert list(blobs.jobs()) == []

    def test_several_blobs_have_names_that_blobs_can_have(self, blobs, job_id, leftovers):
        with pytest.raises(UnknownJobError), blobs.create_several(job_id) as several, several.create("../x"):
            pass
        with pytest.raises(UnknownJobError), blobs.create_several("../x") as several:
            pass
        assert leftovers() == []

    def test_a_blob_that_grows_is_there_at_once(self, blobs, job_id):
        write(blobs, job_id, "photo", b"x")
        with blobs.grow(job_id, "checkpoint-1") as blob:
            for length in range(3):
                assert blobs.size(job_id, "checkpoint-1") == length
                blob.write(b"y")
        assert blobs.path(job_id, "checkpoint-1").read_bytes() == b"yyy"

    def test_a_blob_grows_only_beside_others(self, blobs, job_id, leftovers):
        with pytest.raises(UnknownJobError), blobs.grow(job_id, "checkpoint-1"):
            pass
        assert leftovers() == []

    def test_a_file_is_adopted_and_stays(self, blobs, job_id, tmp_path):
        file = tmp_path / "upload"
        file.write_bytes(b"photo")
        blobs.adopt(job_id, "photo", file)
        other = str(uuid.uuid4())
        blobs.adopt(other, "photo", file)
        blobs.remove(other)
        assert file.read_bytes() == blobs.path(job_id, "photo").read_bytes() == b"photo"
        file.unlink()
        assert blobs.path(job_id, "photo").read_bytes() == b"photo"

    def test_what_is_not_there_is_unknown(self, blobs, job_id):
        write(blobs, job_id, "photo", b"x")
        for missing in ((job_id, "overlay.png"), (str(uuid.uuid4()), "photo")):
            assert not blobs.exists(*missing)
            for ask in (blobs.open, blobs.path, blobs.size):
                with pytest.raises(UnknownJobError):
                    ask(*missing)

    @pytest.mark.parametrize("hostile", HOSTILE)
    def test_hostile_ids_and_names_reach_no_path(self, blobs, job_id, hostile, leftovers):
        for place in ((hostile, "photo"), (job_id, hostile)):
            for ask in (blobs.open, blobs.path, blobs.size, blobs.exists):
                with pytest.raises(UnknownJobError):
                    ask(*place)
            with pytest.raises(UnknownJobError), blobs.create(*place) as blob:
                blob.write(b"x")
        with pytest.raises(UnknownJobError):
            blobs.remove(hostile)
        assert leftovers() == []

    def test_removing_takes_everything_of_one_job(self, blobs, job_id, leftovers):
        other = job_id[:2] + str(uuid.uuid4())[2:]
        for owner in (job_id, other):
            write(blobs, owner, "photo", b"x")
            write(blobs, owner, "tiles.json", b"[]")
        blobs.remove(job_id)
        assert [found for found, _ in blobs.jobs()] == [other]
        assert len(leftovers()) == 2
        blobs.remove(job_id)

    def test_a_writer_whose_job_is_removed_leaves_nothing(self, blobs, job_id, leftovers):
        with pytest.raises(OSError, match=job_id):
            write(blobs, job_id, "photo", b"x", meanwhile=lambda: blobs.remove(job_id))
        assert leftovers() == []

    def test_jobs_are_listed_with_when_they_were_touched(self, blobs):
        ids = sorted(str(uuid.uuid4()) for _ in range(5))
        for job_id in ids:
            write(blobs, job_id, "photo", b"x")
        touched = dict(blobs.jobs())
        assert sorted(touched) == ids
        newest = blobs.path(ids[0], "photo").stat().st_mtime
        assert all(abs(at - newest) < 60 for at in touched.values())

    def test_half_written_blobs_are_removed_once_they_are_old(self, blobs, job_id, leftovers):
        write(blobs, job_id, "photo", b"x")
        now = blobs.path(job_id, "photo").stat().st_mtime
        write(blobs, job_id, "overlay.png", b"x", meanwhile=lambda: blobs.remove_half_written(before=now - 60))
        assert blobs.exists(job_id, "overlay.png")
        with pytest.raises(OSError, match=job_id):
            write(blobs, job_id, "labels.png", b"x", meanwhile=lambda: blobs.remove_half_written(before=now + 60))
        assert sorted(path.name for path in leftovers()) == ["overlay.png", "photo"]

    def test_one_blob_can_be_discarded(self, blobs, job_id, leftovers):
        for name in ("photo", "view-1.png"):
            write(blobs, job_id, name, b"x")
        assert sorted(blobs.names(job_id)) == ["photo", "view-1.png"]
        write(blobs, job_id, "overlay.png", b"x", meanwhile=lambda: blobs.discard(job_id, "view-1.png"))
        blobs.discard(job_id, "view-1.png")
        assert sorted(blobs.names(job_id)) == ["overlay.png", "photo"]
        assert blobs.names(str(uuid.uuid4())) == []

    def test_many_write_the_same_blob_at_once(self, blobs, job_id, leftovers):
        start = threading.Barrier(8)

        def write_one(content):
            start.wait()
            write(blobs, job_id, "photo", content)

        writers = [threading.Thread(target=write_one, args=(bytes([i]) * 100_000,)) for i in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        content = blobs.path(job_id, "photo").read_bytes()
        assert len(content) == 100_000
        assert len(set(content)) == 1
        assert len(leftovers()) == 1


def write(blobs, job_id, name, content, meanwhile=lambda: None):
    with blobs.create(job_id, name) as blob:
        blob.write(content)
        meanwhile()


def half_write(blobs, job_id, name):
    with blobs.create(job_id, name) as blob:
        blob.write(b"half")
        raise ZeroDivisionError


def half_write_several(blobs, job_id, *names):
    with blobs.create_several(job_id) as several:
        for name in names:
            with several.create(name) as blob:
                blob.write(b"all")
        raise ZeroDivisionError


class TestLocalBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path):
        return LocalBlobs(tmp_path / "blobs")

    @pytest.fixture
    def leftovers(self, tmp_path):
        return lambda: files_below(tmp_path / "blobs")

    def test_nothing_is_made_before_the_first_blob(self, blobs, tmp_path):
        assert list(blobs.jobs()) == []
        blobs.remove(str(uuid.uuid4()))
        blobs.remove_half_written(before=1e12)
        assert not (tmp_path / "blobs").exists()

    def test_what_else_lies_in_the_folder_is_left_alone(self, blobs, tmp_path):
        write(blobs, str(uuid.uuid4()), "photo", b"x")
        for stranger in ("notes.txt", "ab/notes.txt", "lost+found/x/y.part"):
            path = tmp_path / "blobs" / stranger
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"mine")
        assert len(list(blobs.jobs())) == 1
        blobs.remove_half_written(before=1e12)
        assert (tmp_path / "blobs/lost+found/x/y.part").exists()
