import io
import uuid
import zipfile

import pytest

from facies.errors import UnknownJobError
from facies.jobs.blobs import LocalBlobs
from facies.web.archives import Archives


@pytest.fixture
def blobs(tmp_path):
    return LocalBlobs(tmp_path)


def put(blobs, entries):
    job_id, content = str(uuid.uuid4()), io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    with blobs.create(job_id, "photo.dzi.zip") as file:
        file.write(content.getvalue())
    return job_id


def test_every_file_of_many_zips_is_found_however_often(blobs):
    contents = [{f"level/{index}.jpg": bytes([zip_index]) * index for index in range(9)} for zip_index in range(40)]
    ids = [put(blobs, entries) for entries in contents]
    archives = Archives(blobs)
    for _ in range(2):
        for job_id, entries in zip(ids, contents, strict=True):
            for name, data in entries.items():
                assert archives.read(job_id, "photo.dzi.zip", name) == data


def test_what_is_not_there_is_unknown(blobs):
    job_id, archives = put(blobs, {"a": b"1"}), Archives(blobs)
    assert archives.read(job_id, "photo.dzi.zip", "a") == b"1"
    for name in ("b", "", "../a", "a/"):
        with pytest.raises(UnknownJobError):
            archives.read(job_id, "photo.dzi.zip", name)
    blobs.remove(job_id)
    with pytest.raises(UnknownJobError):
        archives.read(job_id, "photo.dzi.zip", "a")
