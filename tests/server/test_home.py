"""A centre's home: what it says, who may open it, and how it is made when something broke off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.errors import CentreError
from holdfast.records.signing_key import create_key, current_key
from holdfast.server import make_home as making
from holdfast.server.health import _open_to_others
from holdfast.server.home import Home, check_url
from holdfast.server.make_home import HomeWanted, make_home

OUTSIDE = "https://centre.example"
SHOWN = (
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SECURE_HSTS_SECONDS",
    "CSRF_TRUSTED_ORIGINS",
    "SECURE_PROXY_SSL_HEADER",
    "ALLOWED_HOSTS",
    "DATABASES",
)


def _wanted(folder: Path, **more: Any) -> HomeWanted:
    return HomeWanted(folder / "centre", "TH", "TH.AOC", **more)


def _settings(home: Home, **environment: str) -> dict[str, Any]:
    """Return what a process of its own takes for its settings in a home."""
    code = (
        "import json; from holdfast.server import settings as s; "
        f"print(json.dumps({{name: getattr(s, name, None) for name in {SHOWN!r}}}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HOLDFAST_HOME": str(home.folder), **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    values: dict[str, Any] = json.loads(run.stdout)
    return values


def test_a_centre_that_is_asked_from_outside_asks_for_tls(tmp_path: Path) -> None:
    """Its address decides about cookies, forms, and what the proxy before it is believed."""
    found = _settings(make_home(_wanted(tmp_path, url=f"{OUTSIDE}/", hosts=("inner.example",))))
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SECURE_HSTS_SECONDS"] > 0
    assert found["CSRF_TRUSTED_ORIGINS"] == [OUTSIDE]
    assert found["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert found["ALLOWED_HOSTS"][:2] == ["inner.example", "centre.example"]
    assert {"127.0.0.1", "localhost"} < set(found["ALLOWED_HOSTS"])


def test_a_centre_on_this_machine_alone_needs_none(tmp_path: Path) -> None:
    """Over loopback a browser keeps no cookie that is for TLS only, and nobody is a proxy."""
    found = _settings(make_home(_wanted(tmp_path)))
    assert not found["SESSION_COOKIE_SECURE"]
    assert found["SECURE_PROXY_SSL_HEADER"] is None


@pytest.mark.parametrize(
    "url",
    [
        "http://centre.example",
        "https://",
        "https://a/path",
        "https://user@a",
        "https://a?b",
        "https://a\nb",
        "centre.example",
    ],
)
def test_an_address_has_one_form(tmp_path: Path, url: str) -> None:
    """Refused before anything is made, and where somebody wrote it into centre.toml."""
    with pytest.raises(CentreError) as caught:
        make_home(_wanted(tmp_path, url=url))
    assert caught.value.code == "centre_url_form"
    assert not (tmp_path / "centre").exists()


def test_an_address_may_name_a_port() -> None:
    """A slash at its end is not part of it."""
    assert check_url("https://a.example:8443/") == "https://a.example:8443"


def test_the_password_is_kept_apart(tmp_path: Path) -> None:
    """In a file among the keys, or for one process in its environment, which comes first."""
    url = "postgresql://holdfast@db.example/holdfast"
    home = make_home(_wanted(tmp_path, database=url))
    (home.keys / "database").write_text("kept\n", encoding="utf-8")
    assert _settings(home)["DATABASES"]["default"]["PASSWORD"] == "kept"  # noqa: S105
    told = _settings(home, HOLDFAST_DATABASE_PASSWORD="told")  # noqa: S106
    assert told["DATABASES"]["default"]["PASSWORD"] == "told"  # noqa: S105


@pytest.mark.parametrize("name", ["clock_ahead_hours", "keep_done_days", "keep_questions_days"])
def test_a_number_of_the_home_is_bounded(tmp_path: Path, name: str) -> None:
    """It has a usual value; what is no number, or too large or small, is told with the file."""
    home = make_home(_wanted(tmp_path))
    usual = getattr(home, name)
    file = home.folder / "centre.toml"
    text = file.read_text("utf-8")
    for value, is_right in ((7, True), (1, True), (0, False), ("7", False), (True, False)):
        file.write_text(f"{text}{name} = {json.dumps(value)}\n", encoding="utf-8")
        if is_right:
            assert getattr(Home.read(home.folder), name) == value != usual
        else:
            with pytest.raises(CentreError) as caught:
                Home.read(home.folder)
            assert caught.value.code == "home_unreadable"
            assert name in str(caught.value)


def test_a_home_that_was_half_made_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it broke off: what had been made is kept, and the rest is added."""
    parts = [(making, "_secret"), (making, "create_key"), (Path, "replace")]
    parts.append((making, "_toml"))
    for module, name in parts:
        with monkeypatch.context() as broken:
            broken.setattr(module, name, _break)
            with pytest.raises(KeyboardInterrupt):
                make_home(_wanted(tmp_path))
    secret = (tmp_path / "centre" / "keys" / "django").read_bytes()
    key = current_key(tmp_path / "centre" / "keys")
    home = make_home(_wanted(tmp_path))
    assert (home.keys / "django").read_bytes() == secret
    assert current_key(home.keys).key_id == key.key_id


def _break(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_into_the_home_is_read_again(text: str) -> None:
    """Quotes, backslashes and line ends in a name write no setting of their own."""
    import tomllib

    assert tomllib.loads(f"x = {making._toml([text])}\n") == {"x": [text]}


def test_what_others_may_open_is_found(tmp_path: Path) -> None:
    """Anywhere below, as far as others can come; what lies behind a closed folder is closed."""
    home = tmp_path / "home"
    for folder, mode in ((home, 0o755), (home / "in", 0o755), (home / "shut", 0o700)):
        folder.mkdir()
        folder.chmod(mode)
    for path in (home / "in" / "a", home / "shut" / "b", home / "c"):
        path.write_text("x")
        path.chmod(0o644)
    (home / "c").chmod(0o600)
    assert set(_open_to_others(home)) == {home, home / "in", home / "in" / "a"}
    home.chmod(0o700)
    assert set(_open_to_others(home)) == set()


def test_a_key_of_the_centre_is_dated(tmp_path: Path) -> None:
    """The first is used from when the home was made."""
    from holdfast.records.signing_key import dated_keys

    home = make_home(_wanted(tmp_path))
    (first,) = dated_keys(home.keys)
    assert first.valid_from_us > 0
    create_key(home.keys, "next", first.valid_from_us + 1)
    assert dated_keys(home.keys)[0].retired_us == first.valid_from_us + 1
