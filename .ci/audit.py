"""Prints which versions in constraints.txt have known vulnerabilities, in a few lines: a report that fails nothing.

    python3 .ci/audit.py FOLDER

pip-audit asks OSV, the Open Source Vulnerabilities database. It is installed into FOLDER, and only where OSV answers.
All together takes a minute at most.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Any advisory.
PROBE = "https://api.osv.dev/v1/vulns/PYSEC-2021-421"
PROBE_S, AUDIT_S = 5, 60
PIP_AUDIT = "pip-audit==2.10.1"
LINES = 8


def main() -> None:
    """Print the report."""
    print(*lines(), sep="\n")


def lines() -> list[str]:
    """The report's lines."""
    try:
        with urllib.request.urlopen(PROBE, timeout=PROBE_S) as answer:
            json.load(answer)["id"]
        return report(audited(Path(sys.argv[1])))
    except subprocess.TimeoutExpired:
        return [f"constraints.txt was not audited, it takes more than {AUDIT_S} s here"]
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        return [f"constraints.txt was not audited, the advisories cannot be had: {str(error)[:120]}"]


def audited(folder: Path) -> dict[str, Any]:
    """What pip-audit says of constraints.txt, in its JSON."""
    deadline = time.monotonic() + AUDIT_S

    def run(*command: str | Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, timeout=deadline - time.monotonic(), capture_output=True)

    run(sys.executable, "-m", "venv", folder).check_returncode()
    run(folder / "bin" / "pip", "install", "-q", PIP_AUDIT).check_returncode()
    asked = ("-s", "osv", "--no-deps", "--disable-pip", "-r", ROOT / "constraints.txt", "-f", "json")
    # It ends with 1 where it finds something.
    return dict(json.loads(run(folder / "bin" / "pip-audit", *asked).stdout))


def report(found: dict[str, Any]) -> list[str]:
    """A line for each vulnerable version, and how many could be looked up.

    >>> bad = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
    >>> report({"dependencies": [bad, {"name": "b", "version": "1", "vulns": []}, {"name": "c", "skip_reason": "x"}]})
    ['constraints.txt: 1 of 2 audited versions is vulnerable, 1 could not be looked up', 'a 1: PYSEC-1, mended in 2']
    """
    known = [each for each in found["dependencies"] if "vulns" in each]
    vulnerable = [each for each in known if each["vulns"]]
    shown = [
        f"{each['name']} {each['version']}: {bug['id']}, mended in {', '.join(bug['fix_versions']) or 'no version'}"
        for each in vulnerable
        for bug in each["vulns"]
    ]
    verb = "is" if len(vulnerable) == 1 else "are"
    missing = len(found["dependencies"]) - len(known)
    rest = f", {missing} could not be looked up" if missing else ""
    more = [f"and {len(shown) - LINES} more"] if len(shown) > LINES else []
    first = f"constraints.txt: {len(vulnerable)} of {len(known)} audited versions {verb} vulnerable{rest}"
    return [first, *shown[:LINES], *more]


if __name__ == "__main__":
    main()
