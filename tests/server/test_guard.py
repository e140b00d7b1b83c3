"""Names, origins, headers, and addresses that lead out of the served folder."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from builders import even_times, write_video
from served import Open, log_in

from reidtrack.server.access.rules import Role
from reidtrack.server.guard import host_name

RUNS = "/api/v1/runs"
PAGE_ELSEWHERE = "http://evil.example"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("localhost", "localhost", id="name"),
        pytest.param("LocalHost.:80", "localhost", id="letters, dot and port"),
        pytest.param("[::1]:8080", "::1", id="address of version 6"),
        pytest.param("127.0.0.1:8080", "127.0.0.1", id="address"),
        pytest.param("[::1", None, id="half a bracket"),
        pytest.param("localhost:80:80", None, id="two ports"),
        pytest.param("localhost:evil", None, id="no port"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_host_name(text: str, name: str | None) -> None:
    assert host_name(text) == name


@pytest.mark.parametrize(
    ("host", "settings", "status"),
    [
        pytest.param("127.0.0.1:8080", {}, 200, id="this machine"),
        pytest.param("localhost:8080", {}, 200, id="by name"),
        pytest.param("evil.example", {}, 421, id="a name that leads here"),
        pytest.param("10.0.0.5:8080", {}, 421, id="an address that it does not listen on"),
        pytest.param("reid.example", {"names": ["reid.example"]}, 200, id="a name of ours"),
    ],
)
def test_names_by_which_it_is_asked(
    kept: Path, open_app: Open, host: str, settings: dict[str, object], status: int
) -> None:
    said = open_app(kept, **settings).get(RUNS, headers={"host": host})
    assert said.status_code == status
    assert "mall" not in said.text or status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 422, id="a program"),
        pytest.param({"origin": PAGE_ELSEWHERE}, 421, id="a page elsewhere"),
        pytest.param({"origin": "null"}, 421, id="a page without an origin"),
        pytest.param({"origin": "http://127.0.0.1:9999"}, 421, id="another program of this machine"),
        pytest.param({"origin": "http://127.0.0.1:8080"}, 403, id="ours, without its token"),
        pytest.param({"sec-fetch-site": "same-origin"}, 403, id="a browser, without its token"),
        pytest.param({"sec-fetch-site": "same-site"}, 421, id="another port of this machine"),
    ],
)
def test_who_may_change_something_on_this_machine(
    kept: Path, open_app: Open, headers: dict[str, str], status: int
) -> None:
    said = open_app(kept).post(RUNS, json={"name": "..", "sources": ["x"]}, headers=headers)
    assert said.status_code == status


def test_a_page_of_ours_brings_its_token_along(kept: Path, open_app: Open) -> None:
    client = open_app(kept)
    headers = {"origin": "http://127.0.0.1:8080", "x-csrf-token": client.get("/api/v1/session").json()["csrf"]}
    assert client.post(RUNS, json={"name": "..", "sources": ["x"]}, headers=headers).status_code == 422


OPENED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.mark.parametrize(
    ("path", "headers", "leads_to"),
    [
        pytest.param("report/2026-11-29-2.html", OPENED, "/runs/mall/report/2026-11-29-2.html", id="day"),
        pytest.param("report.html", OPENED, "/runs/mall/report", id="front page"),
        pytest.param("report/%23%3Fx", OPENED, "/runs/mall/report/%23%3Fx", id="odd name"),
        pytest.param("report", {**OPENED, "sec-fetch-dest": "iframe"}, None, id="framed"),
        pytest.param("report", {**OPENED, "sec-fetch-mode": "no-cors"}, None, id="asked for by a script"),
        pytest.param("identities", OPENED, None, id="no report"),
        pytest.param("report", {**OPENED, "host": "evil.example"}, None, id="a name that is not ours"),
    ],
)
def test_links_of_a_report_are_led_over_a_page_of_ours(
    kept: Path, open_app: Open, path: str, headers: dict[str, str], leads_to: str | None
) -> None:
    said = open_app(kept).get(f"{RUNS}/mall/{path}", headers=headers, follow_redirects=False)
    assert (said.status_code, said.headers.get("location")) == (421 if leads_to is None else 303, leads_to)


def test_headers_of_every_answer(kept: Path, open_app: Open) -> None:
    client = open_app(kept)
    for place in ("/", RUNS, "/api/v1/none", "/app/server/static/main.js", "/app/none"):
        headers = client.get(place).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/runs/..", id="up"),
        pytest.param("/runs/%2e%2e", id="up, escaped"),
        pytest.param("/runs/..%2f..%2fetc", id="up twice, escaped"),
        pytest.param("/runs/.serve", id="accounts"),
        pytest.param("/runs/linked", id="a link to a run"),
        pytest.param("/runs/mall/cameras/..%2fmall%2fleft/video", id="a camera that is a path"),
        pytest.param("/runs/mall/cameras/corrections/video", id="a camera that is a file"),
        pytest.param("/runs/mall/crops/left/1/..%2f..%2frun", id="a picture that is a path"),
        pytest.param("/runs/mall/crops/left/1/-1", id="a picture of no frame"),
        pytest.param("/runs/mall%00/report", id="a zero byte"),
        pytest.param("/runs/" + "a" * 5000, id="a huge name"),
        pytest.param("/runs/<script>alert(1)</script>", id="a script"),
    ],
)
def test_what_leads_elsewhere_is_not_there(root: Path, tmp_path: Path, open_app: Open, path: str) -> None:
    (root / "mall").rename(tmp_path / "elsewhere")
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").rename(root / "mall")
    (root / "linked").unlink()
    (root / "linked").symlink_to(root / "mall")
    said = open_app(root).get("/api/v1" + path)
    assert said.status_code == 404
    assert "root:" not in said.text


@pytest.mark.parametrize("name", ["report.html", "sightings.jsonl", "left.mp4"])
def test_links_within_a_run_are_not_followed(root: Path, tmp_path: Path, open_app: Open, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    (root / "mall" / name).unlink(missing_ok=True)
    (root / "mall" / name).symlink_to(secret)
    client = open_app(root)
    for place in ("report", "sightings", "cameras/left/video", "cameras/left/frame?time_s=1"):
        assert "a secret" not in client.get(f"{RUNS}/mall/{place}").text


def test_recordings_that_a_run_names_are_shown_only_where_that_was_allowed(
    root: Path, scene: object, open_app: Open
) -> None:
    folder = Path(scene.videos["left"]).parent
    place = f"{RUNS}/mall/cameras/left/video?kind=original"
    assert open_app(root).get(place).status_code == 404
    assert open_app(root, recordings=[folder]).get(place).status_code == 200


def test_a_run_with_an_odd_name_is_data(root: Path, open_app: Open) -> None:
    name = "<img src=x onerror=alert(1)>"
    (root / "mall").rename(root / name)
    client = open_app(root)
    assert client.get(RUNS).json()["items"][0]["id"] == name
    said = client.get(f"{RUNS}/{quote(name, safe='')}")
    assert said.json()["id"] == name
    assert said.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://127.0.0.1:8554/hall",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "file:///etc/passwd",
        "concat:/etc/passwd|/etc/hosts",
        "subfile,,start,0,end,9,,:/etc/passwd",
        "/etc/passwd",
        "../../etc/passwd",
        "/dev/video0",
        "0",
    ],
)
def test_addresses_and_files_elsewhere_are_not_run(
    root: Path, tmp_path: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """Fault 20: nothing is asked, nothing is opened, nothing is queued."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a request was made")

    monkeypatch.setattr("socket.socket.connect", forbidden)
    (tmp_path / "films").mkdir()
    client = open_app(root, recordings=[tmp_path / "films"])
    said = client.post(RUNS, json={"name": "next", "sources": [source]})
    assert said.status_code == 422
    assert client.services.queue.all() == []


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"detect.weights": "/etc/passwd"}, id="weights elsewhere"),
        pytest.param({"gallery.path": "/tmp/people.db"}, id="a gallery elsewhere"),
        pytest.param({"site.homographies": {"hall": "/etc/passwd"}}, id="within a mapping"),
        pytest.param({"track.max_ag": 3}, id="a misspelt key"),
    ],
)
def test_settings_that_are_refused(root: Path, tmp_path: Path, open_app: Open, settings: dict[str, object]) -> None:
    films = tmp_path / "films"
    films.mkdir()
    video = write_video(films / "hall.mp4", even_times(3, 10))
    client = open_app(root, recordings=[films])
    asked = {"name": "next", "sources": [str(video)], "settings": settings}
    said = client.post(RUNS, json=asked)
    assert said.status_code == 422, said.text
    assert client.post(RUNS, json={**asked, "settings": {"track.max_age": 3}}).status_code == 202
    assert client.post(RUNS, json={**asked, "settings": {}}).status_code == 409


def test_a_viewer_is_asked_for_an_account_on_every_page_of_data(kept: Path, open_app: Open) -> None:
    client = log_in(open_app(kept), "anna", Role.VIEWER)
    client.cookies.clear()
    assert client.get(RUNS).status_code == 401
    assert client.get("/").status_code == 200
