"""The application as a whole: where it refuses to start, its description, odd requests, WebSockets, the front end."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from served import BASE_PATH, PASSWORD, Client, NobodyFound, Open, Serve, log_in
from served_examples import EXAMPLES
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from reidtrack.cli.main import main
from reidtrack.config.load import load
from reidtrack.config.serve import ServeConfig
from reidtrack.errors import ConfigError, InputError, UsageError
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.app import make_app
from reidtrack.server.data import networks
from reidtrack.server.endpoint import BASE, Call, Endpoint
from reidtrack.server.pages import INDEX, assets
from reidtrack.server.routes.found import a_camera
from reidtrack.server.routes.table import ENDPOINTS
from reidtrack.server.start import check_serve

MOST_BYTES = 200_000
STATIC = {name: asset.data.decode() for name, asset in assets().items()}


@pytest.mark.parametrize(
    ("settings", "accounts", "refused"),
    [
        pytest.param({}, False, None, id="this machine"),
        pytest.param({"http": "[::1]:0"}, False, None, id="this machine, version 6"),
        pytest.param({"http": "0.0.0.0:8080"}, False, "no accounts", id="everywhere"),
        pytest.param({"http": "192.0.2.1:8080"}, False, "no accounts", id="one address"),
        pytest.param({"http": "[::]:8080"}, False, "no accounts", id="everywhere, version 6"),
        pytest.param({"proxy": "127.0.0.1"}, False, "no accounts", id="behind a proxy"),
        pytest.param({"http": "0.0.0.0:8080"}, True, None, id="everywhere, with accounts"),
        pytest.param({"http": ":8080"}, True, "expected host:port", id="an address left out"),
    ],
)
def test_where_it_starts(tmp_path: Path, quick: None, settings: Any, accounts: bool, refused: str | None) -> None:
    from reidtrack.server.services import accounts_of

    if accounts:
        accounts_of(tmp_path).add("root", Role.ADMIN, PASSWORD)
    config = load(ServeConfig, options=settings)
    if refused is None:
        check_serve(tmp_path, config)
    else:
        with pytest.raises(UsageError, match=refused):
            check_serve(tmp_path, config)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        pytest.param({"tls_cert": "a.pem"}, "tls_key", id="half of a certificate"),
        pytest.param({"proxy": "proxy.example"}, "IP address", id="a proxy by name"),
        pytest.param({"names": ["a b"]}, "names", id="no name"),
        pytest.param({"nmes": []}, "names", id="a misspelt key"),
    ],
)
def test_settings_that_are_refused(settings: Any, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        load(ServeConfig, options=settings)


def test_folders_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        check_serve(tmp_path / "none", ServeConfig())
    with pytest.raises(InputError, match="is no folder"):
        check_serve(tmp_path, ServeConfig(recordings=(tmp_path / "none",)))


def test_the_last_account_of_an_open_server_lets_nobody_in(root: Path, open_app: Open) -> None:
    client = open_app(root, http="0.0.0.0:8080")
    assert client.get("/api/v1/runs").status_code == 401
    log_in(client, "anna", Role.ADMIN)
    client.services.accounts.remove("anna")
    assert client.get("/api/v1/runs").status_code == 401


def test_accounts_from_the_command_line(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def user(*words: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main(["user", *words, "--runs", str(tmp_path)])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert user("list") == (0, "there are no accounts: on this machine nobody has to log in\n")
    code, said = user(
        "add", "anna", "--role", "reviewer", "--cameras", "hall, door", "--password-stdin", typed=PASSWORD
    )
    assert (code, said) == (0, "anna: reviewer, door, hall\n")
    assert json.loads(user("list", "--json")[1]) == [{"name": "anna", "role": "reviewer", "cameras": ["door", "hall"]}]
    assert user("add", "berta")[0] == 2  # no terminal
    assert user("add")[0] == 2
    assert user("list", "anna")[0] == 2
    assert user("remove", "berta")[0] == 2
    assert user("remove", "anna")[0] == 0
    assert PASSWORD not in said


ODD = ["", "%00", "..", "<script>", "9" * 30, "-1", "nan", "ü", "a" * 3000, "'; DROP TABLE users; --"]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_requests_are_no_bugs(kept: Path, open_app: Open, odd: str) -> None:
    """Every route with odd names, parameters and bodies: each answer is one that was meant."""
    client, wrong = open_app(kept), []
    for endpoint in ENDPOINTS:
        path = re.sub(r"\{\w+\}", lambda _: quote(odd, safe="%"), endpoint.path)
        path2 = re.sub(r"\{(?!run)\w+\}", lambda _: quote(odd, safe="%"), endpoint.path).replace("{run}", "mall")
        query = dict.fromkeys(endpoint.query.model_fields if endpoint.query else (), odd)
        for place in {path, path2}:
            for content in (odd.encode(), json.dumps({"name": odd, "who": [odd], "verb": odd}).encode(), b"[" * 9999):
                headers = {"content-type": "application/json"}
                said = client.request(endpoint.method, BASE + place, params=query, content=content, headers=headers)
                if said.status_code >= 500:
                    wrong.append(f"{endpoint.name} {place}: {said.status_code} {said.text}")
                if endpoint.body is None:
                    break
    assert not wrong


def test_the_description_is_of_every_route(kept: Path, open_app: Open) -> None:
    said = open_app(kept).get("/api/v1/openapi.json").json()
    described = {(method.upper(), path) for path, there in said["paths"].items() for method in there}
    assert described == {(e.method, BASE + e.path) for e in ENDPOINTS if e.method != "WS"}  # OpenAPI knows none
    text = json.dumps(said)
    for reference in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert reference in said["components"]["schemas"]
    names = [operation["operationId"] for there in said["paths"].values() for operation in there.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("cameras", "camera", "headers", "welcome"),
    [
        pytest.param(["left"], "left", {}, True, id="his camera"),
        pytest.param(["left"], "right", {}, False, id="another one"),
        pytest.param(["left"], "left", {"origin": "http://evil.example"}, False, id="a page elsewhere"),
        pytest.param(["left"], "left", {"host": "evil.example"}, False, id="a name that leads here"),
        pytest.param(None, "left", {"cookie": ""}, False, id="nobody"),
    ],
)
def test_websockets_keep_the_same_rule(
    kept: Path, open_app: Open, cameras: Any, camera: str, headers: dict[str, str], welcome: bool
) -> None:
    async def greet(call: Call) -> None:
        await call.request.send_json({"camera": call.loaded.camera})  # type: ignore[attr-defined]
        await call.request.close()  # type: ignore[attr-defined]

    socket = Endpoint("WS", "/runs/{run}/cameras/{camera}/greet", Rule(Role.VIEWER, a_camera), greet, "greets")
    client = log_in(open_app(kept), "anna", Role.VIEWER, cameras)
    other = TestClient(make_app(client.services, [socket]), base_url="http://127.0.0.1:8080")
    headers.setdefault("cookie", f"reidtrack_session={client.cookies['reidtrack_session']}")
    place = f"{BASE_PATH}/cameras/{camera}/greet"
    headers.setdefault("origin", "http://127.0.0.1:8080")
    met = False
    try:
        with other.websocket_connect(place, headers={"host": "127.0.0.1:8080", **headers}) as opened:
            met = opened.receive_json() == {"camera": camera}
    except WebSocketDisconnect as refused:
        assert refused.code == 1008
    assert met is welcome


def test_the_front_end_is_small_and_loads_nothing_from_elsewhere() -> None:
    assert sum(len(text.encode()) for text in STATIC.values()) < MOST_BYTES
    for name, text in STATIC.items():
        found = set(re.findall(r"\b(?:https?:)?//[\w.]+\.\w+", re.sub(r"^\s*//.*$", "", text, flags=re.M)))
        assert found <= {"http://www.w3.org"}, name
    assert not re.search(r"<script>|<style|\bon\w+=|style=", STATIC[INDEX])


def test_the_page_names_every_module_that_it_takes() -> None:
    """So that browsers ask for all at once; `command_line.js` is the report's alone."""
    named = re.findall(r'modulepreload" href="/app/([^"]+)"', STATIC[INDEX])
    assert sorted(named) == sorted(name for name in STATIC if name.endswith(".js") and "command_line" not in name)


@pytest.mark.parametrize("name", [name for name in STATIC if name.endswith(".js")])
def test_modules_import_what_is_served(name: str) -> None:
    import posixpath

    for other in re.findall(r'from "(\.[^"]+)"', STATIC[name]):
        assert posixpath.normpath(posixpath.join(posixpath.dirname(name), other)) in STATIC
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", STATIC[name])


def test_files_of_the_front_end(kept: Path, open_app: Open) -> None:
    client: Client = open_app(kept)
    said = client.get("/app/server/static/main.js")
    assert said.headers["content-type"].startswith("text/javascript")
    again = client.get("/app/server/static/main.js", headers={"if-none-match": said.headers["etag"]})
    assert again.status_code == 304
    for place in ("/app/server/app.py", "/app/../pyproject.toml", "/app/%2e%2e/setup.py", "/app/"):
        assert client.get(place).status_code in (200, 404)
        assert "import" not in client.get(place).text.replace("import(", "")
    for place in ("/", "/runs/mall", "/anything"):
        assert client.get(place).headers["content-type"].startswith("text/html")
    for method in ("GET", "POST", "DELETE"):
        assert client.request(method, "/api/v1/none").status_code == 404
    assert set(EXAMPLES) == {endpoint.name for endpoint in ENDPOINTS}


def test_the_examples_of_the_manual(
    root: Path, serve: Serve, reid: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What docs/serve.md shows for programs works as it stands there, with this server's address, run and photo."""
    (root / "mall").rename(root / "demo")
    monkeypatch.setattr(networks, "make_detector", lambda *_: (NobodyFound(), None))
    monkeypatch.chdir(root)
    (root / "visitor.jpg").write_bytes(next((root / "demo" / "crops").rglob("*.jpg")).read_bytes())
    base, _ = serve(root, reid=reid)
    page = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")
    code = "".join(re.findall(r"```python\n(.*?)```", page, flags=re.S))
    exec(code.replace("http://127.0.0.1:8080", base), {})
    first, *hits = capsys.readouterr().out.splitlines()
    assert first == "demo 4"
    assert len(hits) == 4 and all(" demo " in hit for hit in hits)
    assert "name: Anna" in (root / "demo" / "corrections.yaml").read_text(encoding="utf-8")
