import pytest

from facies.errors import SettingsError
from facies.settings import Settings


@pytest.fixture(autouse=True)
def clean(tmp_path, monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"FACIES_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_flags_beat_the_environment_which_beats_the_file_which_beats_the_defaults(tmp_path, monkeypatch):
    assert Settings.read().port == 5001
    (tmp_path / "facies.toml").write_text("port = 1\nhost = '0.0.0.0'\n")
    assert Settings.read().port == 1
    monkeypatch.setenv("FACIES_PORT", "2")
    assert Settings.read().port == 2
    assert Settings.read(port=3, host=None).port == 3
    assert Settings.read().host == "0.0.0.0"


def test_another_process_gets_the_same_settings(monkeypatch, tmp_path):
    settings = Settings.read(
        data_dir=tmp_path, cors_origins=["https://reef.example"], coral_requires_key=True, lease_s=3
    )
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.read() == settings


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("prot = 1", "no setting 'prot'"),
        ("port = 'x'", "port"),
        ("port =", "cannot be read"),
        ("max_pixels = 0", "max_pixels"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(tmp_path, content, where):
    (tmp_path / "facies.toml").write_text(content)
    with pytest.raises(SettingsError, match=where):
        Settings.read()


def test_what_is_wrong_with_the_environment_is_said(monkeypatch):
    monkeypatch.setenv("FACIES_CORS_ORIGINS", "https://reef.example")
    with pytest.raises(SettingsError, match=r"cors_origins.*JSON"):
        Settings.read()
    monkeypatch.setenv("FACIES_CORS_ORIGINS", '["https://reef.example"]')
    monkeypatch.setenv("FACIES_RUNTIME", "abacus")
    with pytest.raises(SettingsError, match="runtime"):
        Settings.read()


def test_requiring_keys_closes_the_coral_api_too_unless_told_otherwise():
    assert not Settings.read().closes_coral
    assert Settings.read(coral_requires_key=True).closes_coral
    assert Settings.read(require_keys=True).closes_coral
    assert not Settings.read(require_keys=True, coral_requires_key=False).closes_coral


def test_only_an_address_of_the_web_is_linked_as_the_source():
    assert Settings.read(source_url="https://example.org/facies").source_url
    with pytest.raises(SettingsError, match="source_url"):
        Settings.read(source_url="javascript:alert(1)")


def test_settings_are_frozen():
    with pytest.raises(Exception, match="frozen"):
        Settings.read().port = 1
