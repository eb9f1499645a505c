"""What of a text is not translated, when it is shown in a pseudo-language: all that stands outside its brackets."""

from __future__ import annotations

import re
from collections.abc import Collection

from cvcore.languages.pseudo import BEGIN, END

# Words of the field, of products and of formats, and names, which are the same in every language.
SAME = frozenset(
    {
        *("Tagwise", "Custom", "Vision", "Azure", "Amazon", "Rekognition", "AWS", "Labels", "COCO", "VOC", "Pascal"),
        *("YOLO", "Keras", "TensorFlow", "LiteRT", "MobileNet", "ONNX", "OpenVINO", "Core", "ML", "NumPy", "Docker"),
        *("Python", "JSON", "CSV", "ZIP", "HTML", "URL", "API", "GPU", "CPU", "EXIF", "TP", "FP", "FN", "TN", "AP"),
        *("EN", "XA", "AR", "XB", "QR", "Picasso", "Rembrandt", "ProjectArn", "ProjectVersionArn"),
    }
)
_WORD = re.compile(r"[A-Za-z]{2,}")
# Iterations are named when they are trained, and names are data; so are addresses, file names and codes.
_DATA = re.compile(r"Iteration \d+|https?://\S+|\S+\.\w{2,5}\b|\b[0-9a-f]{6,}\b|\b\w+[-_]\w[\w-]*|\bv?\d+\w*\b")


def outside_brackets(text: str) -> str:
    """The text without what stands between the pseudo-language's brackets, which may be nested.

    >>> outside_brackets("⟦a ⟦b⟧ c⟧ Open ⟦d⟧")
    ' Open '
    """
    depth, kept = 0, []
    for letter in text:
        depth += letter == BEGIN
        if depth == 0:
            kept.append(letter)
        depth -= letter == END
    assert depth == 0, f"brackets do not close: {text}"
    return "".join(kept)


def plain_words(text: str, *, data: Collection[str] = ()) -> list[str]:
    """The words of a text that are neither translated nor the same in all languages nor `data`, such as tags.

    >>> plain_words("⟦Öþéñ⟧ rose, JSON, Close", data=["rose"])
    ['Close']
    """
    left = outside_brackets(text)
    for name in sorted(data, key=len, reverse=True):
        left = left.replace(name, " ")
    return [word for word in _WORD.findall(_DATA.sub(" ", left)) if word not in SAME]
