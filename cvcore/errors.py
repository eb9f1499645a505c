"""Every error that Tagwise raises on purpose, as one tree.

::

    TagwiseError
    ├── InvalidInput         a value breaks its rule: correct it and try again
    │   ├── ImageRefused     a file that cannot be stored as an image
    │   ├── ObjectTooLarge   an object in a bucket with more bytes than are read
    │   ├── ArchiveRefused   a zip or folder that cannot be unpacked
    │   ├── UrlRefused       an address that must not be fetched
    │   ├── NameRefused      a name that a project, tag or iteration cannot have
    │   ├── DomainUnknown    no domain has that name or id
    │   └── TypeUnknown      no such classification type
    ├── NotFound             no such project, tag, image, iteration, job or object
    │   ├── ProjectNotFound
    │   ├── TagNotFound
    │   ├── ImageNotFound
    │   ├── IterationNotFound
    │   ├── BucketNotFound
    │   ├── ObjectNotFound   the bucket has no object with that key
    │   └── UploadNotFound   an upload in parts that was completed or given up
    ├── Conflict             the value is valid, but not in the present state
    │   ├── NameTaken        another project, tag or iteration has that name
    │   ├── NotTrainable     the project is not ready to be trained
    │   ├── NothingChanged   same images, tags and domain as the last iteration
    │   ├── InTraining       the project or iteration is being trained
    │   ├── NotTrained       the iteration has no model
    │   ├── Published        the iteration or the name is published
    │   ├── Locked           a teacher has locked a pupil's work
    │   ├── TagsRefused      tags that one image cannot carry together
    │   └── NegativeTaken    the project has a negative tag already
    └── Unavailable          this machine cannot do it now
        ├── HomeUnusable     the home folder cannot be written
        ├── StorageFull      the disk is full
        ├── WeightsMissing   a network's weights are not here and cannot be fetched
        ├── ModelDamaged     a model file is missing, cut short or of another version
        │   └── ArraysDamaged    an npz file is damaged, or an array is missing in it
        └── FetchFailed      an address did not answer with an image

A message states the rule, the value and what to do, and is shown to users as it is.
"""

from __future__ import annotations


class TagwiseError(Exception):
    """The base of all errors here; the message says in one sentence what is wrong and what to do."""


class InvalidInput(TagwiseError):
    """A value breaks its rule."""


class ImageRefused(InvalidInput):
    """A file cannot be stored as an image; `reason` names the rule: format, bytes, pixels, aspect or damaged."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ObjectTooLarge(InvalidInput):
    """An object in a bucket has more bytes than are read of it."""


class ArchiveRefused(InvalidInput):
    """A zip or folder cannot be unpacked safely."""


class UrlRefused(InvalidInput):
    """An address must not be fetched from this machine."""


class NameRefused(InvalidInput):
    """A name breaks its rule; `noun` says what it names: project, tag, iteration or publication."""

    def __init__(self, noun: str, message: str) -> None:
        super().__init__(message)
        self.noun = noun


class DomainUnknown(InvalidInput):
    """There is no domain of that name or id."""


class TypeUnknown(InvalidInput):
    """There is no such classification type."""


class NotFound(TagwiseError):
    """No such project, tag, image, iteration, job or object."""


class ProjectNotFound(NotFound):
    """No such project."""


class TagNotFound(NotFound):
    """No such tag."""


class ImageNotFound(NotFound):
    """No such image."""


class IterationNotFound(NotFound):
    """No such iteration."""


class BucketNotFound(NotFound):
    """No such bucket."""


class ObjectNotFound(NotFound):
    """The bucket has no object with that key."""


class UploadNotFound(NotFound):
    """No such upload in parts: it was completed or given up."""


class Conflict(TagwiseError):
    """The value is valid, but not in the present state."""


class NameTaken(Conflict):
    """Another project, tag or iteration has that name; `noun` says which of them."""

    def __init__(self, noun: str, message: str) -> None:
        super().__init__(message)
        self.noun = noun


class NotTrainable(Conflict):
    """The project is not ready to be trained."""


class NothingChanged(Conflict):
    """Training would repeat the last iteration."""


class InTraining(Conflict):
    """The project or iteration is being trained."""


class NotTrained(Conflict):
    """The iteration has no model, not yet or because its training failed."""


class Published(Conflict):
    """The iteration or the name is published."""


class Locked(Conflict):
    """A teacher has locked a pupil's work: it can be looked at, and not changed."""


class TagsRefused(Conflict):
    """Tags that one image cannot carry together; `reason` names the rule: one, negative or many."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NegativeTaken(Conflict):
    """The project has a negative tag already."""


class Unavailable(TagwiseError):
    """This machine cannot do it now; it may work later."""


class HomeUnusable(Unavailable):
    """The home folder cannot be written."""


class StorageFull(Unavailable):
    """The disk is full."""


class WeightsMissing(Unavailable):
    """A network's weights are not on this machine and cannot be downloaded."""


class ModelDamaged(Unavailable):
    """A model file is missing, cut short or of another version."""


class ArraysDamaged(ModelDamaged):
    """An npz file is damaged, or an array is missing in it; who reads it says which file, and what to do."""


class FetchFailed(Unavailable):
    """An address did not answer with what it should."""
