"""Addresses of objects, `s3://BUCKET/KEY`, and the rules for the names of buckets and keys.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html and object-keys.html.
"""

from __future__ import annotations

import re

from cvcore.errors import InvalidInput

SCHEME = "s3://"
# The stored images, at SHA256/NAME, read only: not a folder in the home folder.
IMAGES = "tagwise-images"
SHA256_LETTERS = 64
KEY_BYTES = 1024

_NEW = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
# What a folder that somebody copied into the home folder may be called, and what S3 allowed before 2018.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{2,254}")
_IP = re.compile(r"\d+\.\d+\.\d+\.\d+")


def parse(text: str) -> tuple[str, str]:
    """The bucket and the key of an address.

    Raises:
        InvalidInput: it is not `s3://BUCKET/KEY`, or a name in it breaks its rule.

    >>> parse("s3://my-bucket/photos/cat 1.jpg")
    ('my-bucket', 'photos/cat 1.jpg')
    """
    bucket, slash, key = text.removeprefix(SCHEME).partition("/")
    if not text.startswith(SCHEME) or not slash:
        raise InvalidInput(f"an object's address must be s3://BUCKET/KEY, got {text[:200]!r}")
    check_bucket(bucket)
    check_key(key)
    return bucket, key


def address(bucket: str, key: str) -> str:
    """The address of an object.

    >>> address("my-bucket", "photos/cat 1.jpg")
    's3://my-bucket/photos/cat 1.jpg'
    """
    return f"{SCHEME}{bucket}/{key}"


def image_address(sha256: str, name: str) -> str:
    """The address of a stored image, by the SHA-256 of its bytes; the name is for people, and for its type.

    >>> image_address("e3b0", "animals/cat.jpg")
    's3://tagwise-images/e3b0/cat.jpg'
    """
    return address(IMAGES, f"{sha256}/{name.replace(chr(92), '/').rpartition('/')[2] or 'image'}")


def check_bucket(name: str, *, new: bool = False) -> None:
    """Check the name of a bucket, with S3's present rule if it is `new`.

    Raises:
        InvalidInput: it breaks the rule.
    """
    if not (_NEW if new else _NAME).fullmatch(name) or ".." in name or (new and _IP.fullmatch(name)):
        raise InvalidInput(
            "a bucket's name must be 3 to 63 lower-case letters, digits, hyphens and dots, and begin and end with a "
            f"letter or digit, got {name[:80]!r}"
        )


def check_key(key: str) -> None:
    """Check an object's key.

    Raises:
        InvalidInput: it is empty, has more than 1,024 bytes in UTF-8, or no UTF-8 at all.
    """
    try:
        size_bytes = len(key.encode())
    except UnicodeEncodeError:
        raise InvalidInput(f"a key must be text in UTF-8, got {key[:80]!r}") from None
    if not 0 < size_bytes <= KEY_BYTES:
        raise InvalidInput(f"a key must have 1 to {KEY_BYTES} bytes, this one has {size_bytes}: use a shorter key")
