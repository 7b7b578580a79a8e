"""The daily work of those who sit at the desk, click by click, on the real server."""

from __future__ import annotations

import csv
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.e2e.browser import opened
from tests.e2e.shop import MEMBER, POOL, SANDBOX, Shop


def test_a_marketer_makes_ten_thousand_codes(browser: Browser, shop: Shop) -> None:
    """What is missing is said first; progress while they are made; no code comes twice; one is voided."""
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}")
    page.keyboard.press("g")
    page.keyboard.press("v")
    page.get_by_role("link", name="Make codes").click()
    page.get_by_role("button", name="Make the codes").click()
    expect(page.get_by_text("Choose one.")).to_be_visible()
    page.get_by_role("combobox", name="What the codes are good for").click()
    page.get_by_role("option", name="SHIP-########").click()
    page.get_by_label("How many").fill("10000")
    page.get_by_label("Name of the pool").fill("Summer mailing")
    page.get_by_role("button", name="Make the codes").click()
    expect(page.get_by_role("progressbar", name="Codes made")).to_be_visible()
    expect(page.get_by_text("10,000 codes are ready")).to_be_visible()
    watched.shoot("journey-codes")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export them").click()
    assert download.value.suggested_filename == "summer-mailing.csv"
    codes = [row["code"] for row in csv.DictReader(Path(download.value.path()).read_text().splitlines())]
    assert len(set(codes)) == len(codes) == 10_000
    page.get_by_role("link", name="Look at the pool").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("summer-mailing")
    expect(page.get_by_text("10,000", exact=True)).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(21)
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("row")).to_have_count(41)
    page.get_by_role("link", name="Vouchers").first.click()
    page.get_by_label("Code", exact=True).fill(codes[0].lower())
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ready to use")).to_be_visible()
    page.get_by_role("button", name="Take it back…").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("printed twice")
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back", exact=True)).to_be_visible()
    assert shop.call("GET", "vouchers/batches/summer-mailing")["voided"] == 1
    assert watched.wrong == []
    watched.context.close()


def test_an_import_shows_every_bad_row_before_it_writes(browser: Browser, shop: Shop) -> None:
    """Each kind of bad row with its line; nothing is there until the import; then only the good ones."""
    taken = shop.call("GET", f"customers/{MEMBER}/vouchers")["data"][0]["code"]
    rows = ["code,customer", "PRINTED-0001,", f"PRINTED-0002,{MEMBER}", "printed 0001,", "- -,"]
    rows += [f"{taken},", f"PRINTED-0003,nobody-{MEMBER}", ',"anna"', "PRINTED-0004,", ""]
    watched = opened(browser, shop)
    page = watched.page
    watched.go(f"/{SANDBOX}/import-codes")
    page.get_by_role("combobox", name="What the codes are good for").click()
    page.get_by_role("option", name="SHIP-########").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file…").click()
    buffer = "\r\n".join(rows).encode()
    chooser.value.set_files({"name": "printed.csv", "mimeType": "text/csv", "buffer": buffer})
    expect(page.get_by_label("Name of the pool")).to_have_value("printed")
    page.get_by_role("button", name="Check the list").click()
    bad = page.get_by_role("table", name="Rows that would be left out").get_by_role("row")
    expect(bad).to_have_count(6)
    lines = [row.get_by_role("cell").first.inner_text() for row in bad.all()[1:]]
    assert lines == ["4", "5", "6", "7", "8"]
    expect(bad.nth(1)).to_contain_text("line 2")
    expect(bad.nth(4)).to_contain_text("no such customer")
    watched.shoot("journey-import")
    batches = shop.call("GET", "vouchers/batches")["data"]
    assert POOL in {each["id"] for each in batches}
    assert "printed" not in {each["id"] for each in batches}
    page.get_by_role("button", name="Import 3 codes").click()
    expect(page.get_by_text("3 codes are taken over")).to_be_visible()
    page.get_by_role("link", name="printed-2").click()
    expect(page.get_by_role("link", name=MEMBER)).to_be_visible()
    assert shop.call("GET", "vouchers/batches/printed")["codes"] == 2
    assert watched.wrong == []
    watched.context.close()
