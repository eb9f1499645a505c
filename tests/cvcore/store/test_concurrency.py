"""Many write at once, from threads and from processes: nothing is lost, and nobody is told that it is locked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cvcore.records import Project
from cvcore.store import Store

# What each of many writers does: images of its own, one that all have, a tag on each, a job for each.
WRITE = """
    def write(store, project_id, writer, tag_id):
        for number in range(12):
            mine = f"{writer:032x}{number:032x}"
            for sha256 in (mine, f"{number:064x}"):
                image_id, is_new = store.images.add(
                    project_id, sha256, name="1.png", width=1, height=1, size_bytes=1, signature=b""
                )
                store.tags.attach([image_id], [tag_id])
            store.jobs.add("embed", project_id)
        store.tags.add(project_id, f"writer {writer}")
"""


def test_processes_of_threads_lose_nothing(at_once: Callable[..., list[str]], store: Store, project: Project) -> None:
    """Three processes of three threads each add images, tags and jobs to one project: all of them are there."""
    tag = store.tags.add(project.id, "rose")
    script = f"""
    from concurrent.futures import ThreadPoolExecutor
    {WRITE}
    store = Store(home)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda thread: write(store, {project.id!r}, 1 + 3 * number + thread, {tag.id!r}), range(3)))
    print("done")
    """
    assert at_once(script, store.home, processes=3) == ["done"] * 3
    assert store.images.count(project.id) == 9 * 12 + 12
    assert store.tags.get(tag.id).image_count == 9 * 12 + 12
    assert len(store.tags.of_project(project.id)) == 1 + 9
    assert len(store.jobs.active()) == 9 * 12


def test_a_slow_transaction_is_waited_for(store: Store, project: Project) -> None:
    """Threads that read first and write then inside one transaction count right, however they interleave."""
    tag = store.tags.add(project.id, "0")

    def count_up(_turn: int) -> None:
        with store.transaction():
            present = store.projects.get(project.id)
            rows = store.tags.of_project(project.id)
            store.tags.add(present.id, str(len(rows)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(80)))
    assert {each.name for each in store.tags.of_project(project.id)} == {str(number) for number in range(81)}
    assert store.tags.get(tag.id) == tag
