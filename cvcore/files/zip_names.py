"""The names of files in zips: declared encodings first, then UTF-8, then a code page guessed from all names together.

Section 4.4.4 (bit 11) and 4.6.9 (Unicode path field) of https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
A zip without either does not say which code page its names are in: the guess is the one in which the names look most
like words, and a note tells it.
"""

from __future__ import annotations

import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from functools import lru_cache

IS_UTF8 = 0x800
UNICODE_PATH = 0x7075

# Of two that fit equally well, the first is taken.
CODE_PAGES = {
    "cp1252": "Western European, Windows",
    "cp850": "Western European, DOS",
    "cp437": "DOS",
    "cp1250": "Central European, Windows",
    "cp852": "Central European, DOS",
    "cp1251": "Cyrillic, Windows",
    "cp866": "Cyrillic, DOS",
    "cp932": "Japanese, Shift JIS",
    "gbk": "Chinese, GBK",
    "big5": "Chinese, Big5",
    "cp949": "Korean",
    "cp1253": "Greek, Windows",
    "cp737": "Greek, DOS",
    "cp1254": "Turkish, Windows",
    "cp857": "Turkish, DOS",
    "cp1255": "Hebrew, Windows",
    "cp862": "Hebrew, DOS",
    "cp1256": "Arabic, Windows",
    "cp874": "Thai",
    "koi8-r": "Cyrillic, Unix",
}
GUESSED_NAMES = 200
GUESSED_BYTES = 120

# The most frequent letters and syllables of texts that are written in these code pages.
_FREQUENT = frozenset(
    "äöüßÄÖÜéèêëàâáîïíôóòûùúçñãõåæøÅØÉÇ"
    "ąćęłńśźżŁŚŻčďěňřšťůýžőű"
    "ğışİŞçğ"
    "оеаинтсрвлкмдпуяыьгзбчйхжшюц"
    "αειοντσςρλκπμηυάέίόύήώ"
    "אבהוילמנרשת"
    "ابتدرسعفقلمنهويطةحجشصك"
    "กขคงจชดตทนบปพมยรลวสหอะาเแโไ"
    "이다는가에을의지고하기한도어아리로사자대나그서인시정라마여보구수스해부일주전장강개고양토끼꽃차새물사과말소"
    "的一是不了在有人我他这大来国中到说们为子和你地出道也时年得就那要下生会着去家学对可里后小心多天能好都起发成事只作当想看"
    "猫狗鸟花草树车马牛羊鱼鸡虎山水火红黄蓝绿白黑苹果香蕉图片照片训练测试分类犬猴兔龙象"
    "這來國說們為時會著對後發圖鳥樹車馬魚雞貓龍"
    "日本人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語"
    "犬猫鳥花草木虫魚馬牛桜表示画像写真試験予測能"
)


def declared(info: zipfile.ZipInfo) -> str | None:
    """A member's name if the zip says its encoding, or if it is ASCII or UTF-8; else None.

    >>> declared(zipfile.ZipInfo("Ga╠ênseblu╠êmchen/1.jpg")) == "Ga\\u0308nseblu\\u0308mchen/1.jpg"
    True
    """
    if info.flag_bits & IS_UTF8:
        return info.orig_filename
    raw = _raw(info)
    if (name := _unicode_path(info)) is not None:
        return name
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def decoded(infos: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str]:
    """The names of all members of a zip, and a note if a code page had to be guessed, else an empty text.

    >>> decoded([zipfile.ZipInfo("─pfel/1.jpg")])[0]
    ['Äpfel/1.jpg']
    """
    names = [declared(info) for info in infos]
    if None in names:
        # A zip has one encoding: what can be read as UTF-8 by chance is in the code page too.
        names = [
            name if name is None or name.isascii() or info.flag_bits & IS_UTF8 or _unicode_path(info) else None
            for info, name in zip(infos, names, strict=True)
        ]
    unknown = tuple(dict.fromkeys(_raw(info) for info, name in zip(infos, names, strict=True) if name is None))
    if not unknown:
        return [name or "" for name in names], ""
    page = _guess(tuple(raw[-GUESSED_BYTES:] for raw in unknown[:: max(1, len(unknown) // GUESSED_NAMES)]))
    told = [_in(page, _raw(info)) if name is None else name for info, name in zip(infos, names, strict=True)]
    example = _in(page, unknown[0])
    note = (
        f"The names in this zip do not say their encoding, and were read as {page} ({CODE_PAGES[page]}), "
        f"for example {_shown(example)!r}: if that is wrong, create the zip again with names in UTF-8."
    )
    return told, note


def guessed(info: zipfile.ZipInfo) -> str:
    """The name of one member, guessed by itself if the zip does not say its encoding."""
    return decoded([info])[0][0]


def _raw(info: zipfile.ZipInfo) -> bytes:
    """The bytes of a name without the flag for UTF-8, which zipfile reads as code page 437."""
    try:
        return info.orig_filename.encode("cp437")
    except UnicodeEncodeError:  # a ZipInfo made in a program
        return info.orig_filename.encode("utf-8", "surrogateescape")


def _unicode_path(info: zipfile.ZipInfo) -> str | None:
    """The name in the Unicode path field, if it belongs to this name: a renamed file can keep it."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size_bytes = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size_bytes], extra[4 + size_bytes :]
        if kind == UNICODE_PATH and len(field) > 5 and field[0] == 1:
            (checksum,) = struct.unpack_from("<L", field, 1)
            try:
                return field[5:].decode() if checksum == zlib.crc32(_raw(info)) else None
            except UnicodeDecodeError:
                return None
    return None


@lru_cache(maxsize=4)
def _guess(raws: tuple[bytes, ...]) -> str:
    ranked = [(sum(map(_plausibility, names)), page) for page in CODE_PAGES if (names := _all_in(page, raws))]
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else "cp437"


def _all_in(page: str, raws: Sequence[bytes]) -> list[str]:
    """The names in a code page; none if one of them cannot be in it."""
    try:
        return [raw.decode(page) for raw in raws]
    except UnicodeDecodeError:
        return []


def _in(page: str, raw: bytes) -> str:
    return raw.decode(page, "replace")


def _plausibility(name: str) -> float:
    """How much a name looks like words: high for frequent letters, low for symbols and for scripts mixed in a word.

    >>> _plausibility("кот") > _plausibility("¬«Γ"), _plausibility("Äpfel") > _plausibility("Дpfel")
    (True, True)
    """
    total = 0.0
    for before, letter in zip(" " + name, name, strict=False):
        if letter.isascii():
            script = _script(before) if not before.isascii() else ""
            total -= 2.0 if letter.isalpha() and script not in ("", "LATIN") else 0.0
        else:
            total += _weight(before, letter)
    return total


def _weight(before: str, letter: str) -> float:
    if not letter.isalpha() and not unicodedata.category(letter).startswith("M"):
        return -3.0
    # A letter that takes two bytes counts for both.
    weight = 2.0 if letter >= "\u2e80" and not "\uff61" <= letter <= "\uff9f" else 1.0
    weight *= 1.5 if letter in _FREQUENT else 0.5
    if before.isalpha() and _script(before) != _script(letter):
        weight -= 3.0
    # Latin words have few accents, and inside a word a large letter seldom follows a small one.
    if not before.isascii() and _script(before) == _script(letter) == "LATIN":
        weight -= 1.5
    return weight - (1.5 if letter.isupper() and before.islower() else 0.0)


def _script(letter: str) -> str:
    """The script of a letter, by the first word of its Unicode name; of Chinese and Japanese letters one script."""
    script = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if script in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH", "IDEOGRAPHIC") else script


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name[:60])
