"""The look in .streamlit/config.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    """The settings as Streamlit reads them."""
    return tomllib.loads(CONFIG.read_text("utf-8"))


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_can_be_told_from_their_background(config: dict[str, Any], mode: str) -> None:
    """Text, links and the white on a button have a contrast of 4.5:1, lines and controls of 3:1 (WCAG 2.2)."""
    theme = config["theme"][mode]
    ground = theme["backgroundColor"]
    for text in (theme["textColor"], theme["linkColor"]):
        assert _contrast(text, ground) >= 4.5, text
    assert _contrast("#ffffff", theme["primaryColor"]) >= 4.5
    for line in (theme["primaryColor"], *theme["chartCategoricalColors"]):
        assert _contrast(line, ground) >= 3, line


def test_nothing_leaves_the_machine_and_no_traceback_shows(config: dict[str, Any]) -> None:
    """No telemetry, no fonts from elsewhere, this machine only unless told otherwise, errors as plain sentences."""
    assert config["browser"]["gatherUsageStats"] is False
    assert "127.0.0.1" == config["server"]["address"]
    assert "none" == config["client"]["showErrorDetails"]
    assert "http" not in "".join(str(value) for value in config["theme"].values())


def _contrast(one: str, other: str) -> float:
    """Contrast of two #rrggbb colours, 1 to 21.

    Source: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio

    >>> round(_contrast("#ffffff", "#000000"))
    21
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
