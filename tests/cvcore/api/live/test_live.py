"""Frames of live cameras: predicted in fair order, by one's own iterations alone, and never stored."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Sequence

import httpx2 as httpx
import pytest
from PIL import Image as Pillow
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from cvcore import classroom, prediction
from cvcore.api.classroom.door import ClassDoor
from cvcore.api.live import routes
from cvcore.api.live.frame_queue import FrameQueue
from cvcore.api.origins import OwnPages
from cvcore.evaluation import threshold_in_use
from cvcore.files import blobs
from cvcore.prediction import frames
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import Fill, Trained, awaited, fill_in, train

NAMED = {routes.CLIENT: "a camera"}


def frame(colour: str = "red", width: int = 213, height: int = 160) -> bytes:
    """A frame of one colour, as a browser sends it."""
    file = io.BytesIO()
    Pillow.new("RGB", (width, height), colour).save(file, "JPEG")
    return file.getvalue()


def served(store: Store) -> Starlette:
    """The route behind the door of a class."""
    return Starlette(routes=routes.routes(store), middleware=[Middleware(ClassDoor, store=store)])


@pytest.fixture
def iteration(fill: Fill, trained: Trained) -> Iteration:
    """A trained iteration of two tags; its classifier finds the second more probable, whatever it sees."""
    return trained(fill(rose=5, tulip=5))


@pytest.fixture
def client(store: Store) -> TestClient:
    """The browser of somebody who may see all."""
    return TestClient(served(store), base_url="http://localhost:8501", headers=NAMED)


def test_a_frame_is_answered_as_a_photo_is(store: Store, iteration: Iteration, client: TestClient) -> None:
    """Probabilities are in the tags' order and, by the same rule, so is the answer."""
    answer = client.post(f"/live/{iteration.id}", content=frame())
    predicted = prediction.predict(store, iteration, frame(), limits=Limits())
    by_name = {each.tag: each.probability for each in predicted}
    assert pytest.approx([by_name["rose"], by_name["tulip"]], abs=1e-4) == answer.json()["probabilities"]
    told = prediction.answer(predicted, threshold_in_use(iteration) or 0.5, multilabel=False)  # type: ignore[arg-type]
    assert (["tulip"], [1], "no-store") == (told, answer.json()["answer"], answer.headers["cache-control"])


def test_the_threshold_is_the_one_asked_for_or_the_saved_one(
    store: Store, iteration: Iteration, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below it there is no answer; a threshold that is saved meanwhile is used from the next look on."""
    monkeypatch.setattr(frames, "LOOKED_AFTER_S", 0.0)
    address = f"/live/{iteration.id}"
    assert [] == client.post(f"{address}?threshold=0.9", content=frame()).json()["answer"]
    assert [1] == client.post(address, content=frame()).json()["answer"]
    store.iterations.set_thresholds(iteration.id, (0.5, 0.99))
    assert [] == client.post(address, content=frame()).json()["answer"]
    for text in ("much", "nan", "1.5"):
        refused = client.post(f"{address}?threshold={text}", content=frame())
        assert (400, True) == (refused.status_code, "in 0..1" in refused.text)


def test_all_answers_of_a_multilabel_iteration(fill: Fill, trained: Trained, client: TestClient) -> None:
    """The most probable comes first."""
    several = trained(fill("Several", classification_type="Multilabel", rose=5, tulip=5))
    assert [1, 0] == client.post(f"/live/{several.id}?threshold=0.5", content=frame()).json()["answer"]


def test_nothing_is_stored(store: Store, iteration: Iteration, client: TestClient) -> None:
    """A frame leaves no file, no embedding and no prediction."""
    client.post(f"/live/{iteration.id}", content=frame("blue"))  # the network's own file is written the first time
    before = {path: path.stat().st_size for path in store.home.rglob("*")}
    client.post(f"/live/{iteration.id}", content=frame("green"))
    assert before == {path: path.stat().st_size for path in store.home.rglob("*")}


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (b"", 400, "at least 1 byte"),
        (b"no image", 400, "an image must be JPEG"),
        (frame(width=2000, height=20), 400, "at most 1,024 pixels wide and high"),
        (b"\xff" * (frames.LIMITS.image_bytes + 1), 413, "at most 262,144 bytes"),
    ],
)
def test_what_is_no_frame_is_refused(
    iteration: Iteration, client: TestClient, sent: bytes, status: int, said: str
) -> None:
    """Before a pixel of it is decoded, with the rule."""
    answer = client.post(f"/live/{iteration.id}", content=sent)
    assert (status, True) == (answer.status_code, said in answer.text)


def test_pages_of_other_sites_are_refused(store: Store, iteration: Iteration) -> None:
    """By what the browser says of the page, and because no other page may send the header that is needed."""
    app = Starlette(routes=routes.routes(store), middleware=[Middleware(OwnPages)])
    client = TestClient(app, base_url="http://localhost:8501", headers=NAMED)
    address = f"/live/{iteration.id}"
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
    ):
        assert 403 == client.post(address, content=frame(), headers=headers).status_code
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": "http://localhost:8501"}):
        assert 200 == client.post(address, content=frame(), headers=headers).status_code
    assert 400 == client.post(address, content=frame(), headers={routes.CLIENT: ""}).status_code
    assert 405 == client.options(address).status_code
    assert 405 == client.get(address).status_code


def test_an_iteration_that_is_deleted_or_not_trained(
    store: Store, fill: Fill, iteration: Iteration, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says so, also where frames were answered before."""
    monkeypatch.setattr(frames, "LOOKED_AFTER_S", 0.0)
    assert 200 == client.post(f"/live/{iteration.id}", content=frame()).status_code
    untrained = store.iterations.add(store.projects.all()[0], "", [], [])
    refused = client.post(f"/live/{untrained.id}", content=frame())
    assert (409, True) == (refused.status_code, "it is in training" in refused.text)
    store.iterations.delete(iteration.id)
    for name in (iteration.id, "nothing"):
        refused = client.post(f"/live/{name}", content=frame())
        assert (404, True) == (refused.status_code, "it may have been deleted" in refused.text)


def test_a_damaged_model_is_told(store: Store, iteration: Iteration, client: TestClient) -> None:
    """With the file and what to do."""
    (blobs.iteration_folder(store.home, iteration.id) / "arrays.npz").write_bytes(b"PK")
    refused = client.post(f"/live/{iteration.id}", content=frame())
    assert (503, True) == (refused.status_code, "train it again" in refused.text)


def test_a_pupil_s_camera_asks_their_own_models_alone(
    store: Store, iteration: Iteration, joined: Callable[[str], tuple[TestClient, Store]]
) -> None:
    """Neither the teacher's nor another pupil's iteration opens; the teacher's own browser opens all."""
    (anna, annas), (ben, _) = joined("Anna"), joined("Ben")
    own = train(annas, fill_in(annas, rose=5, tulip=5))
    teacher = TestClient(served(store), cookies={classroom.COOKIE: classroom.sign_in(store, "chalk and sponge")})
    stranger = TestClient(served(store))
    for whose, statuses in ((own, [200, 404, 200, 401]), (iteration, [404, 404, 200, 401])):
        clients = (anna, ben, teacher, stranger)
        answers = [each.post(f"/live/{whose.id}", content=frame(), headers=NAMED) for each in clients]
        assert statuses == [answer.status_code for answer in answers]


@pytest.fixture
def joined(store: Store) -> Callable[[str], tuple[TestClient, Store]]:
    """`joined("Anna")`: the browser and the store of a new pupil."""
    classroom.set_password(store, "chalk and sponge")
    code = classroom.open_class(store, "4b").code

    def join(nickname: str) -> tuple[TestClient, Store]:
        pupil, cookie = classroom.join(store, code, nickname)
        return TestClient(served(store), cookies={classroom.COOKIE: cookie}), classroom.store_of(store, pupil)

    return join


async def statuses(store: Store, iteration: Iteration, cameras: Sequence[str], cookie: str = "") -> list[int]:
    """The answers to frames of some cameras that are sent at the same time."""
    transport = httpx.ASGITransport(app=served(store))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", cookies={classroom.COOKIE: cookie}
    ) as sender:
        sent = (
            sender.post(f"/live/{iteration.id}", content=frame(), headers={routes.CLIENT: name}) for name in cameras
        )
        return [answer.status_code for answer in await asyncio.gather(*sent)]


def test_one_frame_at_a_time(store: Store, iteration: Iteration) -> None:
    """Of two frames of a camera at once one is refused, whichever comes second; other cameras are answered."""
    one, other, *others = awaited(statuses(store, iteration, ("one", "one", "two", "three")))
    assert ([200, 429], [200, 200]) == (sorted((one, other)), others)


def test_a_pupil_has_one_place_in_the_queue(store: Store, joined: Callable[[str], tuple[TestClient, Store]]) -> None:
    """Whatever names they give their cameras: of two frames at once, one is answered, whichever came first."""
    anna, own = joined("Anna")
    iteration = train(own, fill_in(own, rose=5, tulip=5))
    assert [200, 429] == sorted(awaited(statuses(store, iteration, ("one", "two"), anna.cookies[classroom.COOKIE])))


def test_the_queue_is_in_order_and_has_an_end() -> None:
    """First come, first served; more clients than it holds are told to come again."""

    async def order() -> list[int]:
        queue, done = FrameQueue(threads=1, most=2), []
        await asyncio.gather(*(queue.run(lambda number=number: done.append(number)) for number in range(8)))
        with queue.place("one"), queue.place("two"):
            assert "wait for its answer" in queue.refusal("one")
            assert "at most 2 cameras" in queue.refusal("three")
        assert "" == queue.refusal("three")
        return done

    assert [*range(8)] == awaited(order())


def test_models_that_are_not_used_are_dropped(
    store: Store, iteration: Iteration, trained: Trained, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A classifier stays loaded from frame to frame, and goes when another was chosen and none asked for it."""
    frames._models.clear()
    client.post(f"/live/{iteration.id}", content=frame())
    (kept,) = frames._models.values()
    client.post(f"/live/{iteration.id}", content=frame())
    assert kept.head is next(iter(frames._models.values())).head
    monkeypatch.setattr(frames, "IDLE_S", 0.0)
    newer = trained(store.projects.get(iteration.project_id))
    client.post(f"/live/{newer.id}", content=frame())
    assert [newer.id] == [place[1] for place in frames._models]
