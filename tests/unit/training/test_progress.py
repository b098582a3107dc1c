import io

from rich.console import Console

from facies.training.progress import bars, lines


def written(every_s):
    console = Console(file=io.StringIO(), width=40)
    report = lines(console, every_s)
    report("fold [1]", 1, 3, 0.75)
    report("fold [1]", 2, 3, 0.5)
    report("fold [1]", 3, 3, 0.25)
    return console.file.getvalue().splitlines()


def test_where_there_is_no_terminal_the_end_of_everything_is_a_line():
    assert written(every_s=3600) == ["fold [1]: 3/3, loss 0.250"]


def test_and_what_takes_long_is_told_in_between_with_the_time_left():
    assert written(every_s=0) == [
        "fold [1]: 1/3, loss 0.750",
        "fold [1]: 2/3, loss 0.500, 0:00:00 left",
        "fold [1]: 3/3, loss 0.250",
    ]


def test_bars_are_lines_in_a_file_and_bars_on_a_terminal():
    for terminal, expected in ((False, "photos: 2/2\n"), (True, "2/2")):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=60)
        with bars(console) as report:
            report("photos", 1, 2)
            report("photos", 2, 2)
        assert (console.file.getvalue() == expected) is not terminal
        assert expected in console.file.getvalue()
