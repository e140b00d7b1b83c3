"""A gallery's file with odd contents: one line, and the file is as it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from gallery_writer import SIGNATURE, view

from reidtrack.errors import InputError
from reidtrack.gallery.compare import compare
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.views import Source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two people of two runs."""
    path = tmp_path / "people.db"
    with open_gallery(path, SIGNATURE, make=True) as gallery, gallery.writing():
        for seed in range(2):
            gallery.add_views(Source(f"run {seed}", "run", f"/{seed}"), {gallery.add_person(): [view(seed)]})
    return path


def blob(values: object) -> bytes:
    return np.asarray(values, "<f4").tobytes()


@pytest.mark.parametrize(
    ("statement", "values", "line"),
    [
        pytest.param(
            "CREATE TRIGGER t AFTER INSERT ON view BEGIN DELETE FROM person; END",
            (),
            "has a trigger 't'",
            id="a trigger",
        ),
        pytest.param("CREATE VIEW v AS SELECT * FROM view", (), "has a view 'v'", id="a view"),
        pytest.param("CREATE TABLE other (x)", (), "has a table 'other'", id="another table"),
        pytest.param("CREATE INDEX i ON view (weight)", (), "has an index 'i'", id="another index"),
        pytest.param("DROP INDEX view_place", (), "lacks an index 'view_place'", id="an index that is missing"),
        pytest.param("DROP TABLE meta", (), "lacks a table 'meta'", id="a table that is missing"),
        pytest.param("ALTER TABLE person ADD COLUMN age", (), "has another table 'person'", id="another column"),
        pytest.param("PRAGMA user_version = 0", (), "has a table 'meta'", id="no version"),
        pytest.param("PRAGMA user_version = -3", (), "schema version -3", id="a negative version"),
        pytest.param("UPDATE view SET weight = 'heavy'", (), "view 1 has an odd weight", id="text for a weight"),
        pytest.param("UPDATE view SET weight = 0", (), "view 1 has an odd weight", id="no weight"),
        pytest.param("UPDATE view SET weight = 1e999", (), "view 1 has an odd weight", id="an infinite weight"),
        pytest.param("UPDATE view SET last_utc = 'noon'", (), "view 1 has an odd weight, time", id="text for a time"),
        pytest.param("UPDATE view SET first_utc = 1e300", (), "view 1 has an odd weight, time", id="beyond all years"),
        pytest.param("UPDATE view SET tracks = 'x'", (), "view 1 has an odd weight", id="tracks that are no list"),
        pytest.param(
            "UPDATE view SET tracks = '[\"a\"]'", (), "view 1 has an odd weight", id="tracks that are no numbers"
        ),
        pytest.param("UPDATE view SET tracks = '{}'", (), "view 1 has an odd weight", id="tracks that are an object"),
        pytest.param("UPDATE view SET feature = 'text'", (), "view 1 has an odd weight", id="text for a feature"),
        pytest.param("UPDATE view SET feature = x'00'", (), "view 1 has an odd weight", id="a feature of a byte"),
        pytest.param("UPDATE view SET feature = x''", (), "view 1 has an odd weight", id="an empty feature"),
        pytest.param("UPDATE view SET feature = ? WHERE id = 2", (blob([1, 2]),), "view 2 has an odd", id="lengths"),
        pytest.param("UPDATE view SET person = 99", (), "nobody whom it shows", id="a view of nobody"),
        pytest.param("UPDATE view SET place = 99", (), "nobody whom it shows", id="a view of no camera"),
        pytest.param(
            "UPDATE place SET source = 99 WHERE id = 1", (), "place 1 has an odd camera", id="a camera of no source"
        ),
        pytest.param(
            "UPDATE place SET camera = x'ff' WHERE id = 1", (), "place 1 has an odd camera", id="bytes for a camera"
        ),
        pytest.param(
            "UPDATE person SET name = x'80' WHERE id = 1", (), "person 1 has an odd key", id="bytes for a name"
        ),
        pytest.param(
            "UPDATE person SET name = CAST(x'80' AS TEXT) WHERE id = 1", (), "damaged", id="a name that is no UTF-8"
        ),
        pytest.param(
            "UPDATE person SET name = printf('%.*c', 9999, 'x') WHERE id = 1", (), "person 1", id="a long name"
        ),
        pytest.param("UPDATE source SET kind = 'film'", (), "source 1 has an odd", id="another kind of source"),
        pytest.param("UPDATE meta SET value = x'00'", (), "meta ", id="bytes for a digest"),
        pytest.param("UPDATE view SET feature = ?", (blob([np.nan] * 16),), "the feature of view 1", id="NaN"),
        pytest.param("UPDATE view SET feature = ?", (blob([np.inf] * 16),), "the feature of view 1", id="infinite"),
        pytest.param("UPDATE view SET feature = ?", (blob([0] * 16),), "the feature of view 1", id="zeros"),
        pytest.param("UPDATE view SET feature = ?", (blob([3e38] * 16),), "the feature of view 1", id="huge"),
        pytest.param(
            "UPDATE view SET feature = ?", (blob([1] * 8),), "features are of 8 numbers", id="another network's"
        ),
    ],
)
def test_odd_contents(path: Path, statement: str, values: tuple[object, ...], line: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement, values)
    connection.close()
    before = path.read_bytes()
    with (
        pytest.raises(InputError, match=line),
        open_gallery(path, SIGNATURE, make=True) as gallery,
        gallery.writing(),
    ):
        gallery.people()
        gallery.add_person("somebody")
        compare(gallery, [[view(5)]], 1.0)
    assert path.read_bytes() == before


def test_what_sqlite_keeps_for_itself_is_no_fault(path: Path) -> None:
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("ANALYZE")
        connection.execute("VACUUM")
    with open_gallery(path, SIGNATURE) as gallery:
        assert len(gallery.people()) == 2
