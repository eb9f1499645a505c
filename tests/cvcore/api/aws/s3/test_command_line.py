"""Amazon's command line, in this process, against the server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from awscli import clidriver

from tests.cvcore.api.aws.conftest import KEYS, REGION, Server

Aws = Callable[..., int]


@pytest.fixture
def aws(amazon: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Aws:
    """Runs a command of `aws`; its exit status."""
    for name, value in {
        "AWS_ENDPOINT_URL": amazon.url,
        "AWS_ACCESS_KEY_ID": KEYS.access_key_id,
        "AWS_SECRET_ACCESS_KEY": KEYS.secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
    }.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: clidriver.create_clidriver().main(list(arguments))


@pytest.mark.slow
def test_folders_go_up_and_come_down(aws: Aws, bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`sync` brings a folder up and down again unchanged, a second time nothing, and `ls`, `mv` and `rm` see it."""
    up, down = tmp_path / "up", tmp_path / "down"
    names = ("1.jpg", "cats/ä & 2.jpg", "cats/deep/3.jpg")
    for name in names:
        (up / name).parent.mkdir(parents=True, exist_ok=True)
        (up / name).write_bytes(name.encode())
    assert aws("s3", "sync", "--no-progress", str(up), f"s3://{bucket}/x") == 0
    capsys.readouterr()
    assert aws("s3", "sync", "--no-progress", str(up), f"s3://{bucket}/x") == 0
    assert capsys.readouterr().out == ""
    assert aws("s3", "mv", "--no-progress", f"s3://{bucket}/x/1.jpg", f"s3://{bucket}/x/4.jpg") == 0
    assert aws("s3", "sync", "--no-progress", f"s3://{bucket}/x", str(down)) == 0
    assert {path.relative_to(down).as_posix(): path.read_bytes().decode() for path in down.rglob("*.jpg")} == {
        "4.jpg": names[0],
        names[1]: names[1],
        names[2]: names[2],
    }
    capsys.readouterr()
    assert aws("s3", "ls", f"s3://{bucket}/x/") == 0
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["cats/", "4.jpg"]
    assert aws("s3", "rb", f"s3://{bucket}", "--force") == 0
    assert aws("s3", "ls", f"s3://{bucket}") == 255
