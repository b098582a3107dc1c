import asyncio
import threading
from types import SimpleNamespace

import pytest

from facies.web.lookups import look_up


@pytest.mark.parametrize("is_local", [True, False])
def test_a_thread_is_asked_only_where_the_answer_may_take_its_time(is_local):
    answering = asyncio.run(look_up(SimpleNamespace(is_local=is_local), threading.current_thread))
    assert (answering is threading.main_thread()) is is_local
