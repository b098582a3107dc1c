from threading import Event

from facies.recurring import recurring


def test_work_is_done_at_once_and_again_whatever_goes_wrong(caplog):
    turns, third = [], Event()

    def work():
        turns.append(len(turns))
        if len(turns) == 1:
            raise ValueError("Bad turn.")
        if len(turns) == 3:
            third.set()

    with recurring("sweeper", work, 0.01):
        assert third.wait(10)
    assert "sweeper failed; the next turn will try again." in caplog.text


def test_the_end_does_not_wait_for_the_next_turn():
    first = Event()
    with recurring("sweeper", first.set, 3600):
        assert first.wait(10)
