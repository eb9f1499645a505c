"""What an installed wheel must do without a checkout: hold every file, run the commands and the pages, and serve.

Run by the wheel's own Python: `python .ci/wheel.py CHECKOUT WHEEL`, with `TAGWISE_HOME` an empty folder.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import cvcore

PACKAGE = Path(cvcore.__file__).parent
WEB = PACKAGE / "web"
TAGWISE = Path(sys.executable).with_name("tagwise")


def check_files(checkout: Path, wheel: Path) -> None:
    """Every file that git knows is in the wheel: code, scripts, styles, templates, the built-in network."""
    tracked = ["app.py", "cvcore", "pages", ".streamlit"]
    listed = subprocess.run(["git", "ls-files", *tracked], cwd=checkout, capture_output=True, text=True, check=True)
    wanted = {path if path.startswith("cvcore/") else f"cvcore/web/{path}" for path in listed.stdout.splitlines()}
    missing = wanted - set(zipfile.ZipFile(wheel).namelist())
    assert not missing, f"not in the wheel: {sorted(missing)}"
    assert not PACKAGE.is_relative_to(checkout), f"{PACKAGE} is the checkout's, not the wheel's"


def tagwise(*arguments: str) -> str:
    """What a command prints; it must succeed."""
    return subprocess.run([TAGWISE, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


def check_commands() -> None:
    """The sample is made, trained on the built-in network, reported on and exported."""
    project = json.loads(tagwise("sample", "--json"))["name"]
    assert json.loads(tagwise("train", project, "--json"))
    tagwise("performance", project, "--report", "report.html")
    assert "</html>" in Path("report.html").read_text(encoding="utf-8")
    tagwise("export", project, "tflite", "export")
    assert {"model.tflite", "labels.txt", "predict.py"} <= {path.name for path in Path("export").iterdir()}


def check_pages() -> None:
    """Every page runs, its widgets' scripts and styles with it."""
    from streamlit.testing.v1 import AppTest

    sys.path.insert(0, str(WEB))
    router = WEB / "pages" / "router.py"
    pages = sorted(path.name for path in router.parent.glob("*.py") if path != router)
    assert "performance.py" in pages
    app = AppTest.from_file(str(router), default_timeout=60).run()
    for page in pages:
        app.switch_page(page).run()
        assert not app.exception, f"{page}: {[error.message for error in app.exception]}"


def check_server() -> None:
    """`tagwise serve` answers that it is healthy, sends the pages' HTML, and asks API clients for their key."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([TAGWISE, "serve", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(60):
            if server.poll() is None and answer(port, "/_stcore/health") == (200, "ok"):
                break
            time.sleep(1)
        assert answer(port, "/_stcore/health") == (200, "ok")
        status, page = answer(port, "/performance")
        assert (status, "<html" in page) == (200, True)
        assert answer(port, "/customvision/v3.3/training/projects")[0] == 401
    finally:
        server.terminate()
        server.wait(30)


def answer(port: int, path: str) -> tuple[int, str]:
    """The status and the text at an address of the server; 0 where nobody listens yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def main() -> None:
    """Check one thing after the other; the first that is not so ends it with an AssertionError."""
    checkout, wheel = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    check_files(checkout, wheel)
    check_commands()
    check_pages()
    check_server()
    print(f"{wheel.name} installs, trains, reports, exports and serves")


if __name__ == "__main__":
    main()
