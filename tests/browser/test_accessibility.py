"""Accessibility in a browser: axe finds nothing serious in any room, light or dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from components.rooms import rooms
from tests.browser.conftest import Studio

SERIOUS = ("serious", "critical")
READY = {"studio": ".plots[data-ready=true]"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(studio: Studio, dark: bool) -> None:
    page = studio.visit(first=True)  # with the gallery, and the tour, which stays over all rooms
    page.wait_for_selector(".panel-gallery[data-ready=true]")
    page.click("#tour-button")
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", dark)
    found = []
    for room in rooms():
        page.click(f"#tab-{room.id}")
        page.wait_for_selector(READY.get(room.id, f".panel-{room.id}[data-ready=true]"))
        results = Axe().run(page, options={"resultTypes": ["violations"]})
        for rule in results.response["violations"]:
            if rule["impact"] in SERIOUS:
                where = [node["target"] for node in rule["nodes"]][:6]
                found.append(f"{room.id}: {rule['id']} ({rule['help']}) at {where}")
    assert found == [], "\n".join(found)
