"""A class on one laptop: pupils join with a code and a nickname, and each has a home folder of their own.

Because a pupil's projects, images and iterations are in a home folder and a database of their own, nothing that a pupil
asks for can reach another pupil's. Without a class and a password everything is as if this package were not there.
Imports `archive`, `prediction`, `projects`, `evaluation`, `networks`, `store`, `files`, `imaging`, `metrics`,
`validation` and the modules beside the packages.
"""

from cvcore.classroom.boards import Board, Row, board
from cvcore.classroom.class_tests import choose as choose_test_set
from cvcore.classroom.deleted import (
    DeletedImages,
    delete_project,
    deleted_images,
    deleted_projects,
    restore_images,
    restore_project,
)
from cvcore.classroom.deletion import Receipt, delete_class, delete_ended, delete_leftovers, delete_pupil
from cvcore.classroom.handing_out import Collected, Handed, collect, hand_out, tag_names
from cvcore.classroom.homes import is_locked, limits_of, store_of, usable
from cvcore.classroom.members import (
    COOKIE,
    TEACHER,
    TICKET_S,
    Teacher,
    Viewer,
    change_password,
    come_back,
    join,
    offer_return,
    open_class,
    remove_password,
    rename,
    set_password,
    sign_in,
    take_ticket,
    ticket,
    viewer,
)
from cvcore.classroom.turn_order import trainings_ahead
from cvcore.classroom.works import Work, works

__all__ = [
    "COOKIE",
    "TEACHER",
    "TICKET_S",
    "Board",
    "Collected",
    "DeletedImages",
    "Handed",
    "Receipt",
    "Row",
    "Teacher",
    "Viewer",
    "Work",
    "board",
    "change_password",
    "choose_test_set",
    "collect",
    "come_back",
    "delete_class",
    "delete_ended",
    "delete_leftovers",
    "delete_project",
    "delete_pupil",
    "deleted_images",
    "deleted_projects",
    "hand_out",
    "is_locked",
    "join",
    "limits_of",
    "offer_return",
    "open_class",
    "remove_password",
    "rename",
    "restore_images",
    "restore_project",
    "set_password",
    "sign_in",
    "store_of",
    "tag_names",
    "take_ticket",
    "ticket",
    "trainings_ahead",
    "usable",
    "viewer",
    "works",
]
