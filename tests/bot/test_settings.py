"""Settings: every mistake at once and in words, never a traceback; `check` and a start say the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import PREFIX, Settings, load, master_key
from core.errors import Misconfigured

ROOT = Path(__file__).parents[2]


def given(**values: str) -> dict[str, str]:
    return {PREFIX + name: value for name, value in values.items()}


def test_without_anything_set_the_defaults_are_those_of_the_table() -> None:
    settings, unknown = load({}, None)
    assert (settings.idle_after, settings.idle_warn, settings.idle_grace) == (900, 300, 600)
    assert (settings.cluster, settings.ports, settings.roles) == ("local", "25500-25999", ("discord", "control", "web"))
    assert settings.health_address == ("127.0.0.1", 8081)
    assert unknown == []


@pytest.mark.parametrize(
    ("health", "address"),
    [("off", None), ("0.0.0.0:9000", ("0.0.0.0", 9000)), ("[::1]:80", ("::1", 80)), ("localhost:0", ("localhost", 0))],
)
def test_where_health_is_told(health: str, address: tuple[str, int] | None) -> None:
    assert load(given(HEALTH=health), None)[0].health_address == address


@pytest.mark.parametrize("health", ["8081", "on", "host:70000", "host:port", "a b:80"])
def test_where_it_cannot_be_told(health: str) -> None:
    with pytest.raises(
        Misconfigured, match=r"DORMOUSE_HEALTH: takes an address with a port, such as 127\.0\.0\.1:8081"
    ):
        load(given(HEALTH=health), None)


def test_all_secrets_are_known_also_the_one_within_an_address() -> None:
    settings, _ = load(given(DISCORD_TOKEN="t", MASTER_KEY="m", DATABASE_URL="postgresql://u:p%40w@h/d"), None)
    assert settings.secrets == ["t", "postgresql://u:p%40w@h/d", "m", "p@w"]


def test_all_mistakes_are_listed_at_once() -> None:
    with pytest.raises(Misconfigured) as wrong:
        load(given(PORTS="many", IDLE_AFTER="soon", OPERATORS="ada", CLUSTER="moon", DISCORD_API_URL="nowhere"), None)
    named = {line.split(":")[0] for line in wrong.value.lines}
    assert named == {PREFIX + name for name in ("PORTS", "IDLE_AFTER", "OPERATORS", "CLUSTER", "DISCORD_API_URL")}


def test_one_process_alone_cannot_leave_work_to_others() -> None:
    with pytest.raises(Misconfigured, match="with SQLite there is one process"):
        load(given(ROLES="discord"), None)
    postgres = given(ROLES="discord", DATABASE_URL="postgresql://u@h/d")
    assert load(postgres, None)[0].roles == ("discord",)


@pytest.mark.parametrize("file", ["docs/settings.md", ".env.example"])
def test_every_setting_is_on_the_page_and_in_the_example(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    told = set(re.findall(r"DORMOUSE_([A-Z0-9_]+)", text))
    for row in re.findall(r"`DORMOUSE_([A-Z0-9]+)_[A-Z0-9_]+`((?:, `_[A-Z0-9_]+`)+)", text):
        told |= {row[0] + ending for ending in re.findall(r"_[A-Z0-9_]+", row[1])}
    assert {name.upper() for name in Settings.model_fields} - told == set()


def test_names_that_nobody_knows_are_reported_and_not_fatal() -> None:
    _, unknown = load(given(IDEL_AFTER="5"), None)
    assert unknown == ["DORMOUSE_IDEL_AFTER"]


def test_a_secret_may_stand_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hidden-token\n")
    settings, _ = load(given(DISCORD_TOKEN_FILE=str(tmp_path / "token")), None)
    assert settings.discord_token is not None
    assert settings.discord_token.get_secret_value() == "hidden-token"
    assert "hidden-token" not in repr(settings)


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DORMOUSE_IDLE_AFTER=60\nDORMOUSE_IDLE_WARN=20\n")
    settings, _ = load(given(IDLE_AFTER="90"), tmp_path / ".env")
    assert (settings.idle_after, settings.idle_warn) == (90, 20)


def test_the_master_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings, _ = load(given(DATA_DIR=str(tmp_path)), None)
    first = master_key(settings)
    assert master_key(settings) == first
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600


def dormouse(command: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """With a Discord that is away: what is wrong here is found without it."""
    nowhere = given(DISCORD_API_URL="http://127.0.0.1:9/api/v10", HEALTH="off")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | nowhere | given(**settings)
    return subprocess.run(
        [sys.executable, "-m", "bot", command], cwd=folder, env=environ, capture_output=True, text=True, timeout=60
    )


@pytest.mark.process
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_bad_configuration_ends_at_once_in_words(command: str, tmp_path: Path) -> None:
    ended = dormouse(command, tmp_path, PORTS="many", IDLE_AFTER="soon")
    assert ended.returncode == 1
    assert "DORMOUSE_PORTS: takes two port numbers" in ended.stderr
    assert "DORMOUSE_IDLE_AFTER" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.process
def test_a_missing_token_is_said_by_check_and_run(tmp_path: Path) -> None:
    for command in ("check", "run"):
        ended = dormouse(command, tmp_path)
        assert ended.returncode == 1
        assert "DORMOUSE_DISCORD_TOKEN is not set" in ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.process
def test_a_data_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for command in ("check", "run"):
        ended = dormouse(command, tmp_path, DISCORD_TOKEN="planted", DATA_DIR=str(tmp_path / "file"))
        assert ended.returncode == 1
        assert "DORMOUSE_DATA_DIR" in ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.process
def test_a_database_that_is_none_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "dormouse.db").write_bytes(b"not a database at all" * 100)
    before = (tmp_path / "dormouse.db").read_bytes()
    for command in ("check", "run"):
        ended = dormouse(command, tmp_path, DISCORD_TOKEN="planted", DATA_DIR=str(tmp_path))
        assert ended.returncode == 1
        assert "The database cannot be used" in ended.stderr or "database cannot be used" in ended.stderr
        assert "Traceback" not in ended.stderr
    assert (tmp_path / "dormouse.db").read_bytes() == before


TOKEN = "DORMOUSE_DISCORD_TOKEN=not-a-real-one\nDORMOUSE_PUBLIC_HOST=spiel.example.org # für alle\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le+mark", "utf-16-be+mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_env_file_is_read_as_windows_notepad_saves_it(tmp_path: Path, encoding: str, end: str) -> None:
    encoding, _, mark = encoding.partition("+")
    (file := tmp_path / ".env").write_bytes((("\ufeff" if mark else "") + TOKEN.replace("\n", end)).encode(encoding))
    settings, _ = load({}, file)
    assert settings.public_host == "spiel.example.org"
    assert settings.discord_token is not None
    assert settings.discord_token.get_secret_value() == "not-a-real-one"


def test_an_env_file_in_another_code_page_is_refused_with_its_line(tmp_path: Path) -> None:
    (file := tmp_path / ".env").write_bytes(TOKEN.encode("latin-1"))
    with pytest.raises(Misconfigured, match=r"\.env, line 2: this is not UTF-8\. Save the file as UTF-8"):
        load({}, file)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"DORMOUSE_IMAGE=a\n\nnothing but words\n", r"line 3: this is not NAME=value\."),
        (b"DORMOUSE_IMAGE=a\0b\n", r"line 1: there is a zero byte\."),
        (b"# " + b"x" * 1024 * 1024, r"is larger than 1 MiB"),
    ],
)
def test_an_env_file_that_is_none_is_said_to_be_none(tmp_path: Path, content: bytes, words: str) -> None:
    (file := tmp_path / ".env").write_bytes(content)
    with pytest.raises(Misconfigured, match=words):
        load({}, file)


def test_check_says_what_is_wrong_with_an_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(TOKEN.encode("latin-1"))
    said = subprocess.run(
        [sys.executable, "-m", "bot", "check"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert "line 2: this is not UTF-8" in said.stdout + said.stderr
    assert "Traceback" not in said.stdout + said.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [("geheim-für-alle".encode("latin-1"), "this is not UTF-8"), (None, "cannot be read: No such file or directory")],
)
def test_a_secret_s_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Misconfigured) as wrong:
        load(given(DISCORD_TOKEN_FILE=str(file)), None)
    assert any("DORMOUSE_DISCORD_TOKEN_FILE" in line and words in line for line in wrong.value.lines)
    assert "geheim" not in str(wrong.value)
