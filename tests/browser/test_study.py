"""The Study room in a browser: taking part by mouse and keyboard, going on by link, and the results."""

from playwright.sync_api import expect

from app.common.paths import STUDIES
from app.evaluation.user_study.order import order_for
from app.evaluation.user_study.study import read_study
from tests.browser.conftest import Studio

READY = ".panel-study[data-ready=true]"


def test_take_part_leave_and_go_on(studio: Studio) -> None:
    page = studio.visit()
    page.goto(f"{studio.url}#study")
    page.wait_for_selector(READY)
    page.get_by_role("button", name="Take part").first.click()
    expect(page.locator(".question-videos video")).to_have_count(3)
    next_one = page.get_by_role("button", name="Next")
    expect(next_one).to_be_disabled()  # until something is chosen
    sources = page.locator(".question-videos video").evaluate_all("all => all.map((video) => video.src)")
    assert len(set(sources)) == 3
    names = [source.rsplit("/", 1)[1] for source in sources]
    assert not any("adacache" in name or "pab" in name for name in names)

    page.keyboard.press("a")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector(".panel-study[data-place='1']")
    page.get_by_role("button", name="No difference").click()
    next_one.click()
    page.wait_for_selector(".panel-study[data-place='2']")

    page.route("**/component_server/**", lambda route: route.abort())  # the server is away for a moment
    page.reload()
    expect(page.locator(".study-notice")).to_contain_text("The server does not answer")
    assert "study=" in page.url
    page.unroute("**/component_server/**")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".panel-study[data-place='2']")
    page.reload()  # the address is the link to go on with
    page.wait_for_selector(".panel-study[data-place='2']")
    page.get_by_role("button", name="Back").click()
    page.wait_for_selector(".panel-study[data-place='1']")
    expect(page.get_by_role("button", name="No difference")).to_have_attribute("aria-pressed", "true")

    page.get_by_role("button", name="Leave").click()
    page.wait_for_selector(".studies")
    assert "study=" not in page.url
    expect(page.locator(".study").first).to_contain_text("1 participant")
    page.get_by_role("button", name="Results").first.click()
    study = read_study(STUDIES / "sprites.zip")
    first, second = (study.questions[asked.question] for asked in order_for(len(study.questions), 0)[:2])
    assert not first.is_check
    counted = "0 participants, 1 left out by an attention check" if second.is_check else "1 participant"
    expect(page.locator(".study-results")).to_contain_text(counted)  # "No difference" fails a check


def test_a_link_that_belongs_to_nobody_is_said(studio: Studio) -> None:
    page = studio.visit()
    page.goto(f"{studio.url}?study={'0' * 32}#study")
    expect(page.locator(".study-notice")).to_contain_text("does not belong to anybody")
    page.wait_for_selector(".studies")
