from importlib.resources import files

import facies
from facies import errors


def test_the_public_names_are_these():
    assert facies.__all__ == [
        "Analysis",
        "Client",
        "FaciesError",
        "MapAnalysis",
        "Options",
        "PackageError",
        "PhotoError",
        "RemoteError",
        "TileAnalysis",
        "__version__",
        "analyse",
    ]
    assert all(hasattr(facies, name) for name in facies.__all__)


def _errors():
    return [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]


def test_the_tree_of_errors_is_drawn_as_it_is():
    drawing = errors.__doc__
    for error in _errors():
        assert error.__name__ in drawing
        if error is not errors.FaciesError:
            assert drawing.index(error.__base__.__name__) < drawing.index(error.__name__)


def test_every_error_has_a_code_of_its_own():
    codes = [error.code for error in _errors()]
    assert len(set(codes)) == len(codes)


def test_type_checkers_are_told_that_there_are_types():
    assert files("facies").joinpath("py.typed").is_file()
