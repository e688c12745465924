"""Results of jobs as names and values."""

from __future__ import annotations

from console.desktop.widgets.reporting import MOST_CHECKS, report_facts


def test_a_night_and_a_rollup_say_what_they_did() -> None:
    facts = dict(report_facts({"points_removed": 1200, "bytes_freed": 3_000_000, "failed": [], "policy": "all 3d"}))
    assert facts == {"Points rolled up": "1,200", "Given back": "3.0 MB"}


def test_checks_of_points_are_told_the_bad_ones_first() -> None:
    def result(check: str, verdict: str) -> dict[str, str]:
        return {"check": check, "verdict": verdict, "message": f"Told of {check}.", "time": "", "job": ""}

    points = [
        {"point": "1", "results": [result("checksum", "good")]},
        {"point": "2", "results": [result("integrity", "bad")]},
    ]
    facts = report_facts({"points": points, "damaged": [{"point": "2"}]})
    assert facts == [("Chain", "bad. Told of integrity."), ("Checksums", "good. Told of checksum.")]
    many = report_facts({"points": points * MOST_CHECKS})
    assert len(many) == MOST_CHECKS + 1
    assert many[-1][0] == "More results"
    assert all(value.startswith("bad") for _, value in many[:MOST_CHECKS])
