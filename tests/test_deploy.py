"""What lies in `deploy/`: what can be said of it without Docker and without systemd at work."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from reidtrack.cli.main import build_parser, main
from reidtrack.publish.health import HealthPage, is_loopback, parse_bind
from reidtrack.publish.status import CameraStatus, LiveStatus

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
UNIT = (DEPLOY / "reidtrack.service").read_text()
COMPOSE = {path.name: yaml.safe_load(path.read_text()) for path in sorted(DEPLOY.glob("compose*.yaml"))}


def instructions(text: str) -> list[tuple[str, str]]:
    """Instructions of a Dockerfile: the word, and the rest on one line."""
    joined = re.sub(r"\\\n\s*", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


INSTRUCTIONS = instructions(DOCKERFILE)


def of(word: str, given: list[tuple[str, str]] = INSTRUCTIONS) -> list[str]:
    return [rest for found, rest in given if found == word]


def lint(text: str) -> list[str]:
    """What is wrong with a Dockerfile, by the rules of hadolint that matter here."""
    given, wrong = instructions(text), []
    stages = [rest.split(" AS ")[1].strip() for rest in of("FROM", given) if " AS " in rest]
    for rest in of("FROM", given):
        image = rest.split(" AS ")[0].strip()
        tag = image.rpartition(":")[2] if ":" in image.rpartition("/")[2] else ""
        if image not in stages and (not tag or tag == "latest"):
            wrong.append(f"the base is not pinned: {image}")
    if of("ADD", given):
        wrong.append("ADD fetches and unpacks: COPY does not")
    if of("USER", given)[-1:] in ([], ["root"], ["0"]):
        wrong.append("it runs as root")
    last = max(i for i, (word, _) in enumerate(given) if word == "FROM")
    if not of("USER", given[last:]):
        wrong.append("the last stage sets no user")
    if not of("HEALTHCHECK", given):
        wrong.append("no health check")
    for run in of("RUN", given):
        if "apt-get install" in run:
            wrong += [
                f"apt-get without {part}"
                for part in ("apt-get update", "-y", "--no-install-recommends")
                if part not in run
            ]
            if "rm -rf /var/lib/apt/lists" not in run:
                wrong.append("apt's lists stay")
        if "pip install" in run and "--no-cache-dir" not in run:
            wrong.append("pip's cache stays")
        if re.search(r"\bsudo\b|curl |wget |chmod (-R )?777", run):
            wrong.append(f"not in a build: {run}")
    for word in ("CMD", "ENTRYPOINT"):
        wrong += [f"{word} by a shell gets no signals" for rest in of(word, given) if not rest.startswith("[")]
    for word in ("ENV", "ARG"):
        wrong += [f"a secret in {rest}" for rest in of(word, given) if re.search(r"(?i)passw|secret|token", rest)]
    return wrong


def test_the_dockerfile_keeps_the_rules() -> None:
    assert lint(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("python:3.12-slim-bookworm AS", "python AS", "not pinned"),
        ("python:3.12-slim-bookworm AS", "python:latest AS", "not pinned"),
        ("COPY . /src", "ADD http://x/y /src", "ADD"),
        ("USER 10001\n", "", "as root"),
        ("USER 10001\n", "USER root\n", "as root"),
        (" --no-cache-dir", "", "pip's cache"),
        (" --no-install-recommends", "", "apt-get without"),
        (" && rm -rf /var/lib/apt/lists/*", "", "apt's lists"),
        ('ENTRYPOINT ["reidtrack"]', "ENTRYPOINT reidtrack", "ENTRYPOINT by a shell"),
        ("ENV PATH", "ENV MQTT_PASSWORD=x PATH", "a secret"),
    ],
)
def test_the_rules_find_what_breaks_them(old: str, new: str, wrong: str) -> None:
    assert old in DOCKERFILE or old.strip() in DOCKERFILE
    broken = DOCKERFILE.replace(old, new) if old in DOCKERFILE else DOCKERFILE.replace(old.strip(), new)
    assert any(wrong in text for text in lint(broken)), lint(broken)


def command_in(name: str) -> list[str]:
    """Words of the `reidtrack` command that a file runs."""
    if name == "Dockerfile":
        return [*json.loads(of("ENTRYPOINT")[-1]), *json.loads(of("CMD")[-1])]
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    return shlex.split(line)


@pytest.mark.parametrize("name", ["Dockerfile", "reidtrack.service"])
def test_commands_are_ones_that_reidtrack_takes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *words = command_in(name)
    assert Path(program).name == "reidtrack"
    args = build_parser(words[0]).parse_args(words)
    where = parse_bind(args.http)
    assert where[1] == 8787
    assert is_loopback(where[0]) == (name != "Dockerfile")  # of a container, the ports are given out by compose
    # It runs as it stands, as far as it can without cameras: what is missing is the list of them.
    monkeypatch.chdir(tmp_path)
    assert main([str(tmp_path / Path(w).name) if w.startswith("/") else w for w in words]) == 2
    assert "cameras.yaml" in capsys.readouterr().err


def test_extras_that_are_installed_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (wanted,) = re.findall(r'"/src\[([a-z,]+)\]"', DOCKERFILE)
    assert set(wanted.split(",")) <= set(extras)


def test_what_the_build_needs_is_let_through() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    let = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert all((ROOT / name).exists() for name in let)
    needed = {"pyproject.toml", "setup.py", "constraints.txt", "README.md", "LICENSE", "MANIFEST.in"}
    assert needed | {"reidtrack", "weights", "samples"} == let


@pytest.mark.parametrize(("state", "code"), [("up", 0), ("down", 1)])
def test_the_health_check_says_what_the_page_says(state: str, code: int) -> None:
    (check,) = of("HEALTHCHECK")
    words = json.loads(check[check.index("[") :])
    assert words[:2] == ["python", "-c"]
    status = LiveStatus(cameras={"hall": CameraStatus(state=state)})  # type: ignore[arg-type]
    page = HealthPage("127.0.0.1", 0, lambda: status)
    try:
        script = words[2].replace("127.0.0.1:8787", f"127.0.0.1:{page.port}")
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    finally:
        page.close()
    assert done.returncode == code


def test_the_port_is_the_same_everywhere() -> None:
    assert of("EXPOSE") == ["8787"]
    assert COMPOSE["compose.yaml"]["services"]["reidtrack"]["ports"] == ["127.0.0.1:8787:8787"]


def test_compose_gives_away_nothing() -> None:
    service = COMPOSE["compose.yaml"]["services"]["reidtrack"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "network_mode", "pid", "environment"} & service.keys()
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    assert service["volumes"] == [f"./data:{of('WORKDIR')[-1]}"]


def test_compose_with_a_gpu_changes_only_what_a_gpu_needs() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert COMPOSE["compose.yaml"]["services"]["reidtrack"]["image"] == f"reidtrack:{version}"
    service = COMPOSE["compose.cuda.yaml"]["services"]["reidtrack"]
    assert service["image"] == f"reidtrack:{version}-cuda"
    arguments = {rest.split("=")[0] for rest in of("ARG")}
    assert set(service["build"]["args"]) <= arguments
    assert service.keys() == {"build", "image", "deploy"}


def test_without_an_index_the_build_takes_the_usual_one() -> None:
    """`${TORCH_INDEX:+...}` of the build, by a shell as the build has it."""
    (run,) = [rest for rest in of("RUN") if "pip install" in rest]
    shell = run.replace("python -m venv /opt/reidtrack", "true").replace("/opt/reidtrack/bin/pip", "printf '%s '")
    for index, expected in (("", "install --no-cache-dir -c"), ("http://x", "--extra-index-url http://x -c")):
        done = subprocess.run(["/bin/sh", "-ec", shell], env={"TORCH_INDEX": index}, capture_output=True, text=True)
        assert done.returncode == 0
        assert expected in done.stdout


def test_the_unit_ends_it_softly_and_does_not_repeat_what_cannot_work() -> None:
    found = dict(re.findall(r"^([A-Z][A-Za-z]+)=(.*)$", UNIT, re.MULTILINE))
    assert found["KillSignal"] == "SIGTERM"
    assert int(found["TimeoutStopSec"]) >= 5  # everything is finalised within that
    assert found["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert set(found["RestartPreventExitStatus"].split()) == {"2", "3", "4"}
    assert found["User"] != "root"
    assert not re.search(r"(?i)password=", UNIT.replace("CAMERA_PASSWORD=...", ""))


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is absent")
    unit = tmp_path / "reidtrack.service"
    unit.write_text(UNIT.replace("/opt/reidtrack/bin/reidtrack", "/bin/true"))
    done = subprocess.run([program, "verify", "--man=no", str(unit)], capture_output=True, text=True)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "reidtrack.service" in line]
    assert ours == []
