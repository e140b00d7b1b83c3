"""Events to a real broker: killed, frozen, not there, with passwords and encrypted; and what Home Assistant is told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from publish.broker import Broker, eventually, free_port, listening, program

from reidtrack.errors import ConfigError, UsageError
from reidtrack.publish import mqtt as mqtt_module
from reidtrack.publish.mqtt import MqttOutlet
from reidtrack.publish.mqtt_address import MqttAddress, parse_mqtt
from reidtrack.publish.mqtt_topics import discovery, states
from reidtrack.publish.status import CameraStatus, LiveStatus

UP = CameraStatus(state="up", people=2)
DOWN = CameraStatus(state="down", reason="stalled")
STATUS = LiveStatus(cameras={"hall": UP, "back yard": DOWN}, people_now=2)

MakeBroker = Callable[..., Broker]
MakeOutlet = Callable[..., MqttOutlet]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MakeBroker]:
    made: list[Broker] = []

    def make(settings: str = "allow_anonymous true\n", port: int | None = None) -> Broker:
        made.append(Broker(tmp_path, settings, port))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def outlet(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeOutlet]:
    """Outlets that try again soon."""
    monkeypatch.setattr(mqtt_module, "wait_s", lambda tries, jitter: 0.1)
    made: list[MqttOutlet] = []

    def make(address: str, **options: object) -> MqttOutlet:
        made.append(MqttOutlet(parse_mqtt(address), **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close(1.0)


def line(number: int) -> dict[str, object]:
    return {"event": "tracklet_started", "time_s": number / 10, "camera": "hall", "track_id": number}


def numbers(texts: list[str]) -> list[int]:
    return [json.loads(text)["track_id"] for text in texts]


def test_events_and_states_arrive(broker: MakeBroker, outlet: MakeOutlet) -> None:
    port = broker().port
    with listening(port) as heard:
        out = outlet(f"mqtt://127.0.0.1:{port}/site/one")
        assert out.wait(10)
        for number in range(50):
            out.send(line(number))
        out.show(STATUS)
        eventually(lambda: out.status().sent == 50, "50 events")
        eventually(lambda: heard.last("site/one/people") == "2")
        eventually(lambda: len(heard.of("site/one/events")) == 50)
        assert numbers(heard.of("site/one/events")) == list(range(50))
        assert json.loads(heard.of("site/one/events")[3]) == line(3)
        assert heard.last("site/one/state") == "online"
        assert heard.last("site/one/camera/hall/state") == "online"
        assert heard.last("site/one/camera/hall/people") == "2"
        assert heard.last("site/one/camera/back yard/state") == "offline"
        found = out.status()
        assert (found.dropped, found.waiting, found.connected) == (0, 0, True)
        # Only what changes is published again.
        before = len(heard.heard)
        out.show(STATUS)
        out.show(LiveStatus(cameras={"hall": UP, "back yard": UP}, people_now=2))
        eventually(lambda: heard.last("site/one/camera/back yard/state") == "online")
        assert {topic for topic, _, _ in heard.heard[before:]} == {
            "site/one/camera/back yard/state",
            "site/one/camera/back yard/people",
        }
        out.close(5)
        eventually(lambda: heard.last("site/one/state") == "offline")
        assert out.status().connected is False
    with listening(port) as late:  # who comes later finds the states, and no old events
        eventually(lambda: late.last("site/one/camera/hall/state") == "online")
        assert late.of("site/one/events") == []
        assert all(retained for _, _, retained in late.heard)


def test_a_broker_that_is_killed_and_comes_back(broker: MakeBroker, outlet: MakeOutlet) -> None:
    told: list[str] = []
    first = broker()
    out = outlet(f"mqtt://127.0.0.1:{first.port}/site", tell=told.append)
    assert out.wait(10)
    out.show(STATUS)
    out.send(line(0))
    eventually(lambda: out.status().sent == 1)
    first.kill()
    eventually(lambda: not out.status().connected)
    for number in range(1, 30):
        out.send(line(number))
    eventually(lambda: len(told) == 2 or (told and "nobody listens" in told[-1]))
    assert out.status().waiting == 29
    first.start()
    with listening(first.port) as heard:
        eventually(lambda: out.status().sent == 30, "the events that waited")
        eventually(lambda: heard.last("site/camera/hall/state") == "online", "the states, told anew")
        eventually(lambda: heard.last("site/state") == "online")
    assert out.status().dropped == 0
    assert told[-1] == f"mqtt 127.0.0.1:{first.port}: connected again"
    assert all(text.endswith("trying again") for text in told[:-1])


def test_a_broker_that_is_not_there_yet(broker: MakeBroker, outlet: MakeOutlet) -> None:
    told: list[str] = []
    port = free_port()
    out = outlet(f"mqtt://127.0.0.1:{port}/site", tell=told.append, most=10)
    assert out.wait(10) is False
    for number in range(25):
        out.send(line(number))
    assert (out.status().waiting, out.status().dropped) == (10, 15)
    eventually(lambda: told == [f"mqtt 127.0.0.1:{port}: nobody listens there; trying again"])
    broker(port=port)
    with listening(port) as heard:
        eventually(lambda: out.status().sent == 10)
        # Those that were the newest; the listener may have come after the first of them.
        assert all(number >= 15 for number in numbers(heard.of("site/events")))


def test_a_broker_that_is_frozen(broker: MakeBroker, outlet: MakeOutlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_module, "KEEPALIVE_S", 1)
    monkeypatch.setattr(mqtt_module, "ANSWER_S", 1.0)
    told: list[str] = []
    frozen = broker()
    out = outlet(f"mqtt://127.0.0.1:{frozen.port}/site", tell=told.append)
    assert out.wait(10)
    frozen.send(signal.SIGSTOP)
    out.send(line(0))
    eventually(lambda: not out.status().connected, "that it is frozen")
    frozen.send(signal.SIGCONT)
    eventually(lambda: out.status().sent == 1)


def test_the_broker_says_that_a_killed_program_is_offline(broker: MakeBroker) -> None:
    port = broker().port
    code = (
        "import sys, time\n"
        "from reidtrack.publish.mqtt import MqttOutlet\n"
        "from reidtrack.publish.mqtt_address import parse_mqtt\n"
        "print(MqttOutlet(parse_mqtt(sys.argv[1])).wait(10), flush=True)\n"
        "time.sleep(60)\n"
    )
    with listening(port) as heard:
        command = [sys.executable, "-c", code, f"mqtt://127.0.0.1:{port}/site"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"True\n"
            eventually(lambda: heard.last("site/state") == "online")
            child.kill()
        eventually(lambda: heard.last("site/state") == "offline", "the last will")


@pytest.fixture
def guarded(tmp_path: Path, broker: MakeBroker) -> int:
    """Port of a broker that knows one user, whose password has every kind of letter."""
    words = tmp_path / "words"
    words.write_text("")
    subprocess.run([program("mosquitto_passwd"), "-b", str(words), "cam era", "p@ss/w:rd#ä"], check=True)
    return broker(f"allow_anonymous false\npassword_file {words}\n").port


def test_user_and_password(guarded: int, outlet: MakeOutlet) -> None:
    out = outlet(f"mqtt://cam%20era:p%40ss%2Fw%3Ard%23%C3%A4@127.0.0.1:{guarded}/site")
    assert out.wait(10)
    out.send(line(1))
    eventually(lambda: out.status().sent == 1)


@pytest.mark.parametrize("user", ["", "cam%20era:s3cret-wr0ng@", "nobody:s3cret-wr0ng@", "s3cret-wr0ng@"])
def test_a_wrong_password_is_one_clear_line(guarded: int, outlet: MakeOutlet, user: str) -> None:
    told: list[str] = []
    out = outlet(f"mqtt://{user}127.0.0.1:{guarded}/site", tell=told.append)
    with pytest.raises(UsageError) as raised:
        out.wait(10)
    assert str(raised.value) == (
        f"mqtt 127.0.0.1:{guarded}: the broker refuses the user or the password (expected mqtt://user:password@host)"
    )
    eventually(lambda: told == [f"mqtt 127.0.0.1:{guarded}: it refuses the user or the password; trying again"])
    assert "s3cret" not in repr(out._address) + repr(raised.value) + "".join(told)


@pytest.fixture
def encrypted(tmp_path: Path, broker: MakeBroker) -> tuple[int, Path]:
    """Port of a broker that speaks TLS, and its certificate, which nobody signed."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {key} -out {certificate}"
    names = "-days 3650 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run([program("openssl"), *command.split(), *names.split()], check=True, capture_output=True)
    key.chmod(0o644)
    return broker(f"allow_anonymous true\ncertfile {certificate}\nkeyfile {key}\n").port, certificate


def test_encryption_trusts_who_is_named(encrypted: tuple[int, Path], outlet: MakeOutlet) -> None:
    port, certificate = encrypted
    out = outlet(f"mqtts://127.0.0.1:{port}/site?ca={certificate}")
    assert out.wait(10)
    out.send(line(1))
    eventually(lambda: out.status().sent == 1)


def test_encryption_trusts_nobody_else(encrypted: tuple[int, Path], outlet: MakeOutlet) -> None:
    port, _ = encrypted
    told: list[str] = []
    assert outlet(f"mqtts://127.0.0.1:{port}/site", tell=told.append).wait(10) is False
    eventually(lambda: told)
    assert "its certificate is not trusted" in told[0]


def test_an_encrypted_address_of_a_plain_broker(broker: MakeBroker, outlet: MakeOutlet) -> None:
    told: list[str] = []
    port = broker().port
    assert outlet(f"mqtts://127.0.0.1:{port}/site", tell=told.append).wait(10) is False
    eventually(lambda: told)
    assert "TLS" in told[0] or "closed the connection" in told[0]


def test_a_camera_that_is_gone_is_deleted_at_the_broker(broker: MakeBroker, outlet: MakeOutlet) -> None:
    port = broker().port
    out = outlet(f"mqtt://127.0.0.1:{port}/site")
    out.show(STATUS)
    with listening(port) as heard:
        eventually(lambda: heard.last("site/camera/hall/state") == "online")
        out.show(LiveStatus(cameras={"back yard": DOWN}))
        eventually(lambda: heard.last("site/camera/hall/state") == "")
        eventually(lambda: heard.last("site/camera/hall/people") == "")
    out.close(5)
    with listening(port) as late:
        eventually(lambda: late.last("site/camera/back yard/state"))
        assert not [topic for topic, _, _ in late.heard if "hall" in topic]


def test_cameras_stay_at_the_broker_when_the_program_ends(broker: MakeBroker, outlet: MakeOutlet) -> None:
    port = broker().port
    out = outlet(f"mqtt://127.0.0.1:{port}/site")
    out.show(STATUS)
    with listening(port) as heard:
        eventually(lambda: heard.last("site/camera/hall/state") == "online")
        out.show(LiveStatus())
        out.close(5)
        eventually(lambda: heard.last("site/state") == "offline")
        assert heard.last("site/people") == "0"
        assert heard.last("site/camera/hall/state") == "online"  # which nobody believes of a program that is offline
        assert not [topic for topic, text, _ in heard.heard if topic.startswith("homeassistant") and not text]


def test_an_event_that_no_broker_takes_is_dropped(broker: MakeBroker, outlet: MakeOutlet) -> None:
    out = outlet(f"mqtt://127.0.0.1:{broker().port}/site")
    out.send({**line(0), "tracklets": ["x" * 1000] * 200})
    out.send(line(1))
    eventually(lambda: (out.status().sent, out.status().dropped) == (1, 1))


def test_home_assistant_finds_every_camera() -> None:
    found = states(MqttAddress("h", 1, prefix="site"), STATUS)
    configs = {topic: json.loads(text) for topic, text in found.items() if topic.startswith("homeassistant/")}
    assert len(configs) == 5
    assert len({config["unique_id"] for config in configs.values()}) == 5
    for topic, config in configs.items():
        kind, node, entity, last = topic.split("/")[1:]
        assert (kind in ("sensor", "binary_sensor"), last) == (True, "config")
        assert all(letter.isalnum() or letter in "_-" for letter in node + entity)
        assert config["availability_topic"] == "site/state"
        assert config["state_topic"] in found
        assert config["device"]["identifiers"] == [node]
    one = next(config for config in configs.values() if config["name"] == "back yard connected")
    assert one["device_class"] == "connectivity"
    assert (one["payload_on"], one["payload_off"]) == ("online", "offline")
    assert found[one["state_topic"]] == "offline"


@pytest.mark.parametrize(
    "names",
    [("a b", "a_b"), ("ä", "ö"), ("x" * 90 + "1", "x" * 90 + "2"), ("A", "a")],
    ids=["space", "ä", "long", "case"],
)
def test_cameras_of_alike_names_are_not_one_thing(names: tuple[str, str]) -> None:
    assert len(discovery("site", "homeassistant", dict.fromkeys(names))) == 5


def test_no_discovery_where_nobody_wants_it() -> None:
    address = parse_mqtt("mqtt://host/site?discovery=")
    assert address.discovery is None
    assert all(topic.startswith("site/") for topic in states(address, STATUS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mqtt://host", MqttAddress("host", 1883)),
        ("MQTT://host:1/", MqttAddress("host", 1)),
        ("mqtt://[::1]/a/b/", MqttAddress("::1", 1883, prefix="a/b")),
        ("mqtts://u@host/a%20b", MqttAddress("host", 8883, True, "a b", user="u")),
        ("mqtt://u:p%40@host", MqttAddress("host", 1883, user="u", password="p@")),
        ("mqtt://u:p@q@host", MqttAddress("host", 1883, user="u", password="p@q")),
        ("mqtts://host?ca=/a/b.pem&discovery=ha", MqttAddress("host", 8883, True, discovery="ha", ca=Path("/a/b.pem"))),
    ],
)
def test_addresses(text: str, expected: MqttAddress) -> None:
    assert parse_mqtt(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "http://host",
        "mqtt://",
        "mqtt:///prefix",
        "mqtt://u:s3cret@host:port",
        "mqtt://u:s3/cret@host",
        "mqtt://u:s3#cret@host",
        "mqtt://u:s3cret%ff@host",
        "mqtt://u:s3cret%00@host",
        "mqtt://s3cret@host/a+b",
        "mqtt://s3cret@host/%23",
        "mqtt://s3cret@host/$SYS",
        "mqtt://s3cret@host/a?password=s3cret",
        "mqtt://s3cret@host/a?ca=x",
        "mqtt://s3cret@host/" + "a" * 300,
        "mqtt://s3cret@[host/a",
    ],
)
def test_addresses_that_are_none_are_told_without_their_secrets(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^mqtt: its? ") as raised:
        parse_mqtt(text)
    error: BaseException | None = raised.value
    while error is not None:
        assert "s3" not in str(error)
        error = error.__cause__ or error.__context__


def test_without_paho(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(ConfigError, match=r"needs paho-mqtt; install it: pip install 'reidtrack\[mqtt\]'"):
        MqttOutlet(parse_mqtt("mqtt://host"))


@pytest.mark.parametrize("content", [None, "words"])
def test_certificates_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    pytest.importorskip("paho.mqtt.client")
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"ca.pem: cannot be read; (No such file|it holds no certificates)"):
        MqttOutlet(parse_mqtt(f"mqtts://host?ca={path}"))
