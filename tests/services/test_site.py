"""The site as it opens: a broken document of its own never takes the others with it."""

from __future__ import annotations

from pathlib import Path

from ecoissues.services.site import Site


def test_a_broken_kind_of_the_site_is_left_out_and_told(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "broken.toml").write_text('code = "broken"\nversion = 1\n', "utf-8")
    site = Site(sqlite_url, tmp_path)
    assert [Path(fault.file).name for fault in site.kind_faults] == ["broken.toml"]
    assert ("broken", 1) not in site.kinds
    assert site.kinds
    site.close()
