import pytest

from tests.data.jobs import Room


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path)
    yield room
    room.close()
