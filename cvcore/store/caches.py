"""Results kept in memory as long as the store that they came from, which they do not keep."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

_Store = TypeVar("_Store")
_Key = ParamSpec("_Key")
_Result = TypeVar("_Result")


def kept_with_store(
    most: int,
) -> Callable[[Callable[Concatenate[_Store, _Key], _Result]], Callable[Concatenate[_Store, _Key], _Result]]:
    """A decorator for functions of a store and a hashable key: the results of the last `most` keys of each store.

    An `lru_cache` would keep the stores of classes that were deleted, and with them the space of their files. A result
    must not refer to the store.
    """

    def decorate(
        compute: Callable[Concatenate[_Store, _Key], _Result],
    ) -> Callable[Concatenate[_Store, _Key], _Result]:
        caches: weakref.WeakKeyDictionary[_Store, Callable[_Key, _Result]] = weakref.WeakKeyDictionary()

        @functools.wraps(compute)
        def kept(store: _Store, /, *args: _Key.args, **kwargs: _Key.kwargs) -> _Result:
            if store not in caches:
                caches[store] = functools.lru_cache(maxsize=most)(_without(store, compute))  # type: ignore[assignment]
            return caches[store](*args, **kwargs)

        return kept

    return decorate


def _without(store: _Store, compute: Callable[Concatenate[_Store, _Key], _Result]) -> Callable[_Key, _Result]:
    """The function of the key alone, which holds on to the store only while it is called."""
    reference = weakref.ref(store)

    def of_key(*args: _Key.args, **kwargs: _Key.kwargs) -> _Result:
        asked = reference()
        assert asked is not None  # whoever asks has it
        return compute(asked, *args, **kwargs)

    return of_key
