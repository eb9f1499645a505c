"""The teacher's password as a hash, codes that people type, and the signed text in a browser's cookie."""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from cvcore.errors import HomeUnusable, InvalidInput
from cvcore.files import blobs
from cvcore.languages import t

PASSWORD_LETTERS = 8
# Without letters and digits that look alike: typed from a projector.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LETTERS, RETURN_DIGITS = 6, 6

KEY, KEY_BYTES = "class.key", 32
_SALT = "tagwise-class"
# 16 MB and about 50 ms a try (RFC 7914).
_SCRYPT: dict[str, Any] = {"n": 2**14, "r": 8, "p": 1}


def hashed(password: str) -> str:
    """A password's salted hash, as text to store.

    Raises:
        InvalidInput: the password is shorter than 8 letters.
    """
    if len(password) < PASSWORD_LETTERS:
        raise InvalidInput(
            t(
                "the password must have at least {least} letters, this one has {number}",
                least=PASSWORD_LETTERS,
                number=len(password),
            )
        )
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_digest(password, salt).hex()}"


def is_password(password: str, stored: str) -> bool:
    """Whether a password is the one whose hash is stored, compared in constant time.

    >>> is_password("correct horse", hashed("correct horse")), is_password("wrong horse", hashed("correct horse"))
    (True, False)
    """
    salt, _, digest = stored.partition("$")
    return hmac.compare_digest(_digest(password, bytes.fromhex(salt)).hex(), digest)


def new_code() -> str:
    """A class code: six capitals and digits, of a billion."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))


def typed_code(text: str) -> str:
    """A class code as it is compared: in capitals, without spaces and hyphens.

    >>> typed_code(" ab2-c3d ")
    'AB2C3D'
    """
    return "".join(text.split()).replace("-", "").upper()[:64]


def new_return_code() -> str:
    """Six digits by which a pupil comes back, once."""
    return f"{secrets.randbelow(10**RETURN_DIGITS):0{RETURN_DIGITS}}"


def new_ticket() -> str:
    """A text that cannot be guessed, for a pupil's cookie."""
    return secrets.token_hex(16)


def signed(home: Path, content: dict[str, Any]) -> str:
    """A cookie's text with this content, signed by the home folder's key, which is made the first time.

    Raises:
        HomeUnusable: the key cannot be read, or is cut short: then anybody could sign.
    """
    return str(_signer(_key(home)).dumps(content))


def content_of(home: Path, text: str) -> dict[str, Any]:
    """The content of a cookie's text; empty if it was not signed here, or the key to tell is lost."""
    try:
        return _content(_key(home), text)
    except HomeUnusable:
        return {}


# A page and each file that it shows ask for the same text.
@functools.lru_cache(maxsize=256)
def _content(key: bytes, text: str) -> dict[str, Any]:
    try:
        content = _signer(key).loads(text)
    except BadSignature:
        return {}
    return content if isinstance(content, dict) else {}


def _signer(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=_SALT)


def _key(home: Path) -> bytes:
    path = home / KEY
    if not path.exists():
        blobs.write_first(path, secrets.token_bytes(KEY_BYTES))
    with blobs.storage_errors(path):
        key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise HomeUnusable(
            t(
                "{path} must hold a key of {number} bytes, it has {bytes}: restore it from a backup, or delete it, and "
                "everybody comes in anew",
                path=path,
                number=KEY_BYTES,
                bytes=len(key),
            )
        )
    return key


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, **_SCRYPT)
