"""Resumable uploads, as the protocol describes them: https://tus.io/protocols/resumable-upload"""

import asyncio
import base64
import hashlib
import os
import time

import pytest

from facies.errors import ExpiredUploadError, QueueFullError, UnknownUploadError, UploadUnfinishedError
from facies.jobs import upload_rows, uploads
from facies.jobs.blobs import PHOTO as PHOTO_BLOB
from facies.jobs.uploads import ORPHANED_AFTER_S
from facies.web.tus import take_upload
from tests.served import MAX_RESUMABLE_BYTES, PHOTO, UPLOAD_TIME_TO_LIVE_S
from tests.unit.web.connection import DISCONNECT, SILENCE, Connection

TUS = {"Tus-Resumable": "1.0.0"}
PHOTO_BYTES = len(PHOTO)
PIECE = {"Content-Type": "application/offset+octet-stream"}


def b64(data):
    return base64.b64encode(data).decode()


def headers(served, **more):
    return {**TUS, "api-key": served.key, **{name.replace("_", "-"): value for name, value in more.items()}}


def create(served, length=PHOTO_BYTES, **more):
    return served.client.post("/api/v1/uploads", headers=headers(served, Upload_Length=str(length), **more))


def begin(served, length=PHOTO_BYTES, **more):
    """The address of a new upload."""
    answer = create(served, length, **more)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def patch(served, address, offset, data, **more):
    return served.client.patch(
        address, content=data, headers={**headers(served, Upload_Offset=str(offset), **more), **PIECE}
    )


def offset_of(served, address):
    return int(served.client.head(address, headers=headers(served)).headers["upload-offset"])


def id_of(address):
    return address.rpartition("/")[2]


def owner_of(served):
    return served.store.keys.find(served.key).id


def files(served):
    folder = served.folder / "uploads"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# --- core


def test_a_server_describes_what_it_understands(untouched):
    answer = untouched.client.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-resumable"] == answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"].split(",") == ["creation", "checksum", "termination", "expiration"]
    assert answer.headers["tus-max-size"] == str(MAX_RESUMABLE_BYTES)
    assert "sha1" in answer.headers["tus-checksum-algorithm"].split(",")


def test_an_upload_in_two_pieces(served):
    address = begin(served)
    assert patch(served, address, 0, PHOTO[:1000]).headers["upload-offset"] == "1000"
    head = served.client.head(address, headers=headers(served))
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("1000", str(len(PHOTO)))
    assert head.headers["cache-control"] == "no-store"
    answer = patch(served, address, 1000, PHOTO[1000:])
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(len(PHOTO)))
    upload = served.uploads.get(id_of(address), owner_of(served))
    assert served.uploads.path(upload).read_bytes() == PHOTO


@pytest.mark.parametrize("offset", [0, 999, 1001, len(PHOTO)])
def test_a_piece_from_another_offset_is_refused(shared, offset):
    address = begin(shared)
    patch(shared, address, 0, PHOTO[:1000])
    assert patch(shared, address, offset, b"x").status_code == 409
    assert offset_of(shared, address) == 1000


def test_more_bytes_than_announced_are_refused_and_not_kept(shared):
    address = begin(shared, 10)
    patch(shared, address, 0, b"12345")
    assert patch(shared, address, 5, b"678901").status_code == 413
    assert offset_of(shared, address) == 5


@pytest.mark.parametrize("version", ["", "0.2.2", "2.0.0"])
def test_another_version_is_refused_and_told_which_would_do(untouched, version):
    answer = untouched.client.post(
        "/api/v1/uploads", headers={"Tus-Resumable": version, "api-key": untouched.key, "Upload-Length": "3"}
    )
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


def test_a_piece_of_another_type_is_refused(shared):
    address = begin(shared)
    answer = shared.client.patch(address, content=b"x", headers=headers(shared, Upload_Offset="0"))
    assert answer.status_code == 415


@pytest.mark.parametrize("offset", ["", "-1", "1.5", "x", "٣", "1" * 30])
def test_an_offset_that_is_no_number_is_refused(shared, offset):
    address = begin(shared)
    answer = shared.client.patch(
        address, content=b"x", headers={**headers(shared, Upload_Offset=offset.encode()), **PIECE}
    )
    assert answer.status_code == 400


def test_every_answer_tells_the_version(shared):
    address = begin(shared)
    for answer in (patch(shared, address, 5, b"x"), shared.client.head("/api/v1/uploads/none", headers=TUS)):
        assert answer.headers["tus-resumable"] == "1.0.0"
    assert "tus-resumable" not in shared.client.get("/livez").headers


def test_a_method_that_a_proxy_does_not_let_by_can_be_sent_in_a_header(served):
    address = begin(served)
    overriding = {**headers(served, Upload_Offset="0", X_HTTP_Method_Override="PATCH"), **PIECE}
    assert served.client.post(address, content=PHOTO, headers=overriding).status_code == 204
    assert offset_of(served, address) == len(PHOTO)


# --- creation


@pytest.mark.parametrize("length", ["", "-1", "x", "1e3"])
def test_a_length_that_is_no_number_is_refused(served, length):
    assert create(served, length).status_code == 400
    assert files(served) == []


def test_an_upload_that_would_be_too_large_is_refused_before_it_comes(served):
    assert create(served, MAX_RESUMABLE_BYTES + 1).status_code == 413
    assert files(served) == []


def test_metadata_comes_back_word_for_word_and_names_the_photo(served):
    metadata = f"filename {b64('../../höhle.tif'.encode())},is_private"
    address = begin(served, Upload_Metadata=metadata)
    assert served.client.head(address, headers=headers(served)).headers["upload-metadata"] == metadata
    assert served.uploads.get(id_of(address), owner_of(served)).name == "höhle.tif"


@pytest.mark.parametrize("metadata", ["filename ***", "a " + "QUFB" * 2000])
def test_metadata_that_cannot_be_read_is_refused(untouched, metadata):
    assert create(untouched, Upload_Metadata=metadata).status_code == 400


def test_one_owner_has_a_bounded_number_open(served, monkeypatch):
    monkeypatch.setattr(upload_rows, "MAX_OPEN", 2)
    first = begin(served)
    begin(served)
    assert create(served).status_code == 409
    assert len(files(served)) == 2
    served.client.delete(first, headers=headers(served))
    begin(served)
    served.key = served.other_key
    begin(served)


def test_an_upload_for_which_the_disk_has_no_room_is_refused_before_it_comes(served, monkeypatch):
    monkeypatch.setattr(uploads, "SPARE_BYTES", 1 << 60)
    assert create(served).status_code == 507
    assert files(served) == []


# --- owners


def test_a_key_is_needed(untouched):
    assert untouched.client.post("/api/v1/uploads", headers={**TUS, "Upload-Length": "3"}).status_code == 401


def test_anothers_upload_is_unknown(served):
    address = begin(served)
    served.key = served.other_key
    assert served.client.head(address, headers=headers(served)).status_code == 404
    assert patch(served, address, 0, b"x").status_code == 404
    assert served.client.delete(address, headers=headers(served)).status_code == 404
    assert len(files(served)) == 1


@pytest.mark.parametrize("hostile", ["none", "..%2F..%2Ffacies.db", "%00", "0" * 36])
def test_an_id_that_none_can_have_is_unknown(untouched, hostile):
    assert untouched.client.head(f"/api/v1/uploads/{hostile}", headers=headers(untouched)).status_code == 404


# --- checksum


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_piece_with_its_checksum_is_kept(shared, algorithm):
    address = begin(shared)
    digest = hashlib.new(algorithm, PHOTO[:1000]).digest()
    answer = patch(shared, address, 0, PHOTO[:1000], Upload_Checksum=f"{algorithm} {b64(digest)}")
    assert (answer.status_code, offset_of(shared, address)) == (204, 1000)


def test_a_damaged_piece_is_refused_whole_and_can_be_sent_again(served):
    address = begin(served)
    checksum = f"sha1 {b64(hashlib.sha1(PHOTO).digest())}"
    damaged = PHOTO[:-1] + bytes([PHOTO[-1] ^ 1])
    assert patch(served, address, 0, damaged, Upload_Checksum=checksum).status_code == 460
    assert offset_of(served, address) == 0
    assert patch(served, address, 0, PHOTO, Upload_Checksum=checksum).status_code == 204
    upload = served.uploads.get(id_of(address), owner_of(served))
    assert served.uploads.path(upload).read_bytes() == PHOTO


@pytest.mark.parametrize("checksum", ["crc32 AAAA", "sha1", "sha1 ***", "shake_128 AAAA"])
def test_a_checksum_that_cannot_be_read_is_refused(shared, checksum):
    address = begin(shared)
    assert patch(shared, address, 0, PHOTO, Upload_Checksum=checksum).status_code in (400, 460)
    assert offset_of(shared, address) == 0


# --- termination


def test_a_removed_upload_is_unknown_and_leaves_nothing(served):
    address = begin(served)
    assert served.client.delete(address, headers=headers(served)).status_code == 204
    assert served.client.head(address, headers=headers(served)).status_code == 404
    assert files(served) == []


def test_an_upload_that_is_removed_while_a_piece_comes_stays_removed(served):
    address = begin(served)
    with served.uploads.append(id_of(address), owner_of(served), 0) as piece:
        piece.write(b"abc")
        served.client.delete(address, headers=headers(served))
        with pytest.raises(UnknownUploadError):
            piece.keep()
    assert files(served) == []


# --- expiration


def test_each_piece_gives_more_time(served):
    address = begin(served)
    served.clock.now += UPLOAD_TIME_TO_LIVE_S - 1
    patch(served, address, 0, PHOTO[:1000])
    served.clock.now += UPLOAD_TIME_TO_LIVE_S - 1
    assert offset_of(served, address) == 1000


def test_the_time_is_told(served):
    served.clock.now = 1_760_000_000.0
    assert create(served).headers["upload-expires"] == "Thu, 09 Oct 2025 09:53:20 GMT"


def test_an_expired_upload_is_gone_and_swept(served):
    address = begin(served)
    served.clock.now += UPLOAD_TIME_TO_LIVE_S
    assert served.client.head(address, headers=headers(served)).status_code == 410
    assert patch(served, address, 0, PHOTO).status_code == 410
    served.uploads.sweep()
    assert files(served) == []
    assert served.client.head(address, headers=headers(served)).status_code == 410
    served.clock.now += upload_rows.REMEMBERED_S
    served.uploads.sweep()
    assert served.client.head(address, headers=headers(served)).status_code == 404


def test_sweeping_leaves_what_is_open_and_takes_old_files_without_a_row(served):
    address = begin(served)
    new = "0a000000-0000-4000-8000-000000000000"
    old = "0b000000-0000-4000-8000-000000000000"
    for name in (new, old):
        (served.folder / "uploads" / name).touch()
    long_ago = time.time() - ORPHANED_AFTER_S - 1
    os.utime(served.folder / "uploads" / old, (long_ago, long_ago))
    served.uploads.sweep()
    assert files(served) == sorted([id_of(address), new])


# --- lines that break, and senders that hurry


def connection(served, address, pieces, offset=0, **more):
    sent = headers(served, Upload_Offset=str(offset), **more) | PIECE
    return Connection(
        served.app, address, pieces, {name.lower(): value for name, value in sent.items()}, method="PATCH"
    )


def test_what_came_before_the_line_broke_is_kept(served):
    address = begin(served)
    connection(served, address, [PHOTO[:700], PHOTO[700:900], DISCONNECT]).run()
    assert offset_of(served, address) == 900
    assert patch(served, address, 900, PHOTO[900:]).status_code == 204


def test_with_a_checksum_half_a_piece_does_not_count(served):
    address = begin(served)
    checksum = f"sha1 {b64(hashlib.sha1(PHOTO).digest())}"
    connection(served, address, [PHOTO[:700], DISCONNECT], Upload_Checksum=checksum).run()
    assert offset_of(served, address) == 0


def test_who_falls_silent_is_told_and_loses_nothing(serve):
    served = serve(upload_idle_timeout_s=0.05)
    address = begin(served)
    assert connection(served, address, [PHOTO[:700], SILENCE]).run().status == 408
    assert offset_of(served, address) == 700


def test_bytes_behind_the_offset_are_written_over(served):
    """As a server leaves them that is killed in the middle of a piece."""
    address = begin(served)
    with served.uploads.append(id_of(address), owner_of(served), 0) as piece:
        piece.write(b"?" * len(PHOTO))
    assert offset_of(served, address) == 0
    patch(served, address, 0, PHOTO)
    upload = served.uploads.get(id_of(address), owner_of(served))
    assert served.uploads.path(upload).read_bytes() == PHOTO


def test_of_two_pieces_at_once_one_is_told_to_wait(served):
    address = begin(served)

    async def both():
        slow = connection(served, address, [PHOTO[:700], SILENCE])
        task = asyncio.create_task(slow.send_request())
        while slow.taken < 2:
            await asyncio.sleep(0.01)
        fast = connection(served, address, [PHOTO])
        await fast.send_request()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return fast.status, fast.answer_headers["retry-after"]

    assert asyncio.run(both()) == (423, "1")
    assert offset_of(served, address) == 700


# --- on to a job


def taken(served, address, then=lambda photo: None):
    async def take():
        async with take_upload(served.uploads, served.blobs, id_of(address), owner_of(served)) as photo:
            then(photo)
            return photo

    return asyncio.run(take())


def complete(served):
    address = begin(served, Upload_Metadata=f"filename {b64(b'reef.png')}")
    patch(served, address, 0, PHOTO)
    return address


def test_a_complete_upload_becomes_the_photo_of_as_many_jobs_as_wanted(served):
    address = complete(served)
    first, second = taken(served, address), taken(served, address)
    assert first.job_id != second.job_id
    assert (first.photo_name, first.photo_bytes) == ("reef.png", len(PHOTO))
    served.client.delete(address, headers=headers(served))
    for photo in (first, second):
        assert served.blobs.path(photo.job_id, PHOTO_BLOB).read_bytes() == PHOTO


def test_an_upload_that_is_not_complete_becomes_none(served):
    with pytest.raises(UploadUnfinishedError):
        taken(served, begin(served))
    assert served.files() == []


def test_an_expired_upload_becomes_none(served):
    address = complete(served)
    served.clock.now += UPLOAD_TIME_TO_LIVE_S
    with pytest.raises(ExpiredUploadError):
        taken(served, address)


def test_after_an_error_the_upload_is_still_there_and_the_photo_is_not(served):
    address = complete(served)

    def refuse(_photo):
        raise QueueFullError("Full.", 1)

    with pytest.raises(QueueFullError):
        taken(served, address, refuse)
    assert served.files() == []
    assert offset_of(served, address) == len(PHOTO)
